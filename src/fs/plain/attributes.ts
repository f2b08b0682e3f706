import type { Stats } from 'node:fs';
import { failedWith } from '../../base/fs-error.js';
import type { SaveParameters } from '../../base/save-request.js';
import type { Steps } from '../steps.js';
import { fchmod, fchown, fstat } from './plain-fs.js';

const MODE_BITS = 0o7777;
const SET_USER_ID = 0o4000;
const SET_GROUP_ID = 0o2000;

/** The mode and owner of the new file. `undefined`: what the system gives to any new file. */
export interface Attributes {
  readonly mode: number | undefined;
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
  /** Whether the caller set it. Values of the replaced file are kept only as far as the process may. */
  readonly modeIsExplicit: boolean;
  readonly ownerIsExplicit: boolean;
}

/** @param replaced the regular file at the path, if it exists. */
export function attributesFor(request: SaveParameters, replaced: Stats | undefined): Attributes {
  // Plain `fs` has no extended attributes, so 'all' means 'permissions' here.
  const kept = request.preserve === 'none' ? undefined : replaced;
  return {
    mode: request.mode ?? (kept === undefined ? undefined : kept.mode & MODE_BITS),
    owner: request.owner ?? (kept === undefined ? undefined : { uid: kept.uid, gid: kept.gid }),
    modeIsExplicit: request.mode !== undefined,
    ownerIsExplicit: request.owner !== undefined,
  };
}

/**
 * The mode for creating the temporary, which at no time grants more rights than the finished file: the
 * owner's rights, and the rights that both the group and all others have. So the group of the new temporary
 * does not matter. A common mode such as 0644 needs no change afterwards. Without a mode the kernel applies
 * the umask and the default ACL, as to any new file.
 */
export function creationMode(mode: number | undefined): number {
  if (mode === undefined) return 0o666;
  const both = (mode >> 3) & mode & 0o007;
  return (mode & 0o700) | (both << 3) | both;
}

/** Sets the owner of the open file, then its mode, because chown(2) clears the set-id bits. */
export function* setAttributes(descriptor: number, attributes: Attributes): Steps<void> {
  if (attributes.mode === undefined && attributes.owner === undefined) return;
  const created = yield* fstat(descriptor);
  const { ownerKept, groupKept } = yield* setOwner(descriptor, created, attributes);
  let { mode } = attributes;
  if (mode === undefined) return;
  if (!attributes.modeIsExplicit) {
    // These bits refer to the old owner and group. The new file must not run with the rights of this
    // process's user or group. A file that was private to one group must not open up to another.
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
  // An unprivileged process may not change a file's owner, but may set any group that it belongs to.
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
    // EINVAL: the user namespace does not map this user or group (user_namespaces(7)).
    if (!required && failedWith(error, 'EPERM', 'EINVAL')) return false;
    throw error;
  }
}
