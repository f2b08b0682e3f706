import type { Stats } from 'node:fs';
import { failedWith } from '../../base/fs-error.js';
import type { SaveParameters } from '../../base/save-request.js';
import type { Steps } from '../steps.js';
import { fchmod, fchown, fstat } from './plain-fs.js';

const MODE_BITS = 0o7777;
const SET_USER_ID = 0o4000;
const SET_GROUP_ID = 0o2000;

/** Mode and owner of the new file. With `undefined` the file keeps what the system gives to any new file. */
export interface Attributes {
  readonly mode: number | undefined;
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** Whether the caller asked for it. Otherwise it is taken over from the replaced file as far as the process may. */
  readonly modeIsExplicit: boolean;
  readonly ownerIsExplicit: boolean;
}

/** @param replaced the regular file at the path, if there is one. */
export function attributesFor(request: SaveParameters, replaced: Stats | undefined): Attributes {
  // Plain `fs` has no extended attributes, so 'all' is the same as 'permissions' here.
  const kept = request.preserve === 'none' ? undefined : replaced;
  return {
    mode: request.mode ?? (kept === undefined ? undefined : kept.mode & MODE_BITS),
    owner: request.owner ?? (kept === undefined ? undefined : { uid: kept.uid, gid: kept.gid }),
    modeIsExplicit: request.mode !== undefined,
    ownerIsExplicit: request.owner !== undefined,
  };
}

/**
 * The mode that the temporary is created with. It never grants more than the final mode: it has the owner's rights, and
 * those that group and others have in common, since the first group may be another one. A common mode such as 0644 is
 * complete with that. Without a mode the kernel applies umask and default ACL, as to any new file.
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
    // The bits refer to the old owner and group. The file must not run as this process's user, and a file that was
    // private to one group must not open up to another.
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
  // A process may not give a file to another user, but it may give it to any group that it is in.
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
