import type { Stats } from 'node:fs';
import { failedWith } from '../../base/fs-error.js';
import type { SaveParameters } from '../../base/save-request.js';
import type { Steps } from '../steps.js';
import { fchmod, fchown, fstat } from './plain-fs.js';

const MODE_BITS = 0o7777;
const SET_USER_ID = 0o4000;
const SET_GROUP_ID = 0o2000;

/** Mode and owner of the new file; `undefined` leaves what the system gives to any new file. */
export interface Attributes {
  readonly mode: number | undefined;
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** Asked for by the caller, as opposed to taken over from the replaced file as far as that is allowed. */
  readonly modeIsExplicit: boolean;
  readonly ownerIsExplicit: boolean;
}

/** @param replaced the regular file that stands under the path, if one does. */
export function attributesFor(request: SaveParameters, replaced: Stats | undefined): Attributes {
  // Plain `fs` knows nothing of extended attributes, so 'all' is as much as 'permissions' here.
  const kept = request.preserve === 'none' ? undefined : replaced;
  return {
    mode: request.mode ?? (kept === undefined ? undefined : kept.mode & MODE_BITS),
    owner: request.owner ?? (kept === undefined ? undefined : { uid: kept.uid, gid: kept.gid }),
    modeIsExplicit: request.mode !== undefined,
    ownerIsExplicit: request.owner !== undefined,
  };
}

/**
 * What to create the temporary with, so that at no moment anybody may do more than in the end: the owner's rights, and
 * those that the group and all others have alike, whatever group it has at first. A common mode such as 0644 is
 * complete then. Without a mode the kernel applies umask and default ACL, as to any new file.
 */
export function creationMode(mode: number | undefined): number {
  if (mode === undefined) return 0o666;
  const both = (mode >> 3) & mode & 0o007;
  return (mode & 0o700) | (both << 3) | both;
}

/** Gives the open file its owner, then its mode: chown(2) clears the set-id bits. */
export function* setAttributes(descriptor: number, attributes: Attributes): Steps<void> {
  if (attributes.mode === undefined && attributes.owner === undefined) return;
  const created = yield* fstat(descriptor);
  const { ownerKept, groupKept } = yield* setOwner(descriptor, created, attributes);
  let { mode } = attributes;
  if (mode === undefined) return;
  if (!attributes.modeIsExplicit) {
    // The bits speak of an owner and a group: nobody else may run the file as this process's user, and a file that
    // was private to one group must not open up to another.
    if (!ownerKept) mode &= ~SET_USER_ID;
    if (!groupKept) mode &= ~SET_GROUP_ID & (~0o070 | ((mode & 0o007) << 3));
  }
  if (mode !== (created.mode & MODE_BITS)) yield* fchmod(descriptor, mode);
}

interface OwnerOutcome {
  ownerKept: boolean;
  groupKept: boolean;
}

function* setOwner(
  descriptor: number,
  created: Stats,
  { owner, ownerIsExplicit }: Attributes,
): Steps<OwnerOutcome> {
  if (owner === undefined || (owner.uid === created.uid && owner.gid === created.gid)) {
    return { ownerKept: true, groupKept: true };
  }
  if (yield* fchownIfPermitted(descriptor, owner.uid, owner.gid, ownerIsExplicit)) {
    return { ownerKept: true, groupKept: true };
  }
  // A process may not give files away, but may give them to any group that it is in.
  const groupKept =
    owner.gid === created.gid ||
    (owner.uid !== created.uid && (yield* fchownIfPermitted(descriptor, created.uid, owner.gid, false)));
  return { ownerKept: owner.uid === created.uid, groupKept };
}

function* fchownIfPermitted(descriptor: number, uid: number, gid: number, required: boolean): Steps<boolean> {
  try {
    yield* fchown(descriptor, uid, gid);
    return true;
  } catch (error) {
    // EINVAL: the user namespace has no such user (user_namespaces(7)).
    if (!required && failedWith(error, 'EPERM', 'EINVAL')) return false;
    throw error;
  }
}
