import type { Stats } from 'node:fs';
import { failedWith } from '../../base/fs-error.js';
import type { ResolvedOwner } from '../../base/options.js';
import type { SaveParameters } from '../../base/save-request.js';
import type { Steps } from '../steps.js';
import { fchmod, fchown, fstat } from './plain-fs.js';

const MODE_BITS = 0o7777;
/** Set-id bits and the sticky bit. */
const SPECIAL_BITS = 0o7000;
const SET_USER_ID = 0o4000;
const SET_GROUP_ID = 0o2000;

/** The mode and owner of the new file. `undefined`: what the system gives to any new file. */
export interface Attributes {
  readonly mode: number | undefined;
  /** The mode for `open` if `mode` is undefined. */
  readonly createMode: number;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** What the caller has given. Values of the replaced file are kept only as far as the process may. */
  readonly modeIsExplicit: boolean;
  readonly owner: ResolvedOwner | undefined;
  /** The file whose mode is taken over. */
  readonly replaced: Stats | undefined;
}

/** @param replaced the regular file at the path, if it exists. */
export function attributesFor(request: SaveParameters, replaced: Stats | undefined): Attributes {
  const { mode, createMode, owner, preserve } = request;
  return {
    mode: mode ?? (replaced !== undefined && preserve.mode ? replaced.mode & MODE_BITS : undefined),
    createMode,
    uid: owner?.uid ?? (preserve.owner ? replaced?.uid : undefined),
    gid: owner?.gid ?? (preserve.owner ? replaced?.gid : undefined),
    modeIsExplicit: mode !== undefined,
    owner,
    replaced,
  };
}

/**
 * The mode for creating the temporary, which at no time grants more rights than the finished file: the
 * owner's rights, and the rights that both the group and all others have. So the group of the new temporary
 * does not matter. A common mode such as 0644 needs no change afterwards. Without a mode the kernel applies
 * the umask and the default ACL, as to any new file. Set-id bits come last (`setAttributes`).
 */
export function creationMode({ mode, createMode }: Pick<Attributes, 'mode' | 'createMode'>): number {
  if (mode === undefined) return createMode & ~SPECIAL_BITS;
  const both = (mode >> 3) & mode & 0o007;
  return (mode & 0o700) | (both << 3) | both;
}

/** Sets the owner of the open file, then its mode, because chown(2) clears the set-id bits. */
export function* setAttributes(descriptor: number, attributes: Attributes): Steps<void> {
  const { uid, gid, createMode, owner, replaced } = attributes;
  const createBits = createMode & SPECIAL_BITS;
  let { mode } = attributes;
  if (mode === undefined && createBits === 0 && uid === undefined && gid === undefined) return;
  const created = yield* fstat(descriptor);
  const reached = yield* setOwner(descriptor, created, attributes);
  if (mode === undefined) {
    if (createBits === 0) return;
    mode = (created.mode & MODE_BITS) | createBits;
  } else if (!attributes.modeIsExplicit) {
    // These bits refer to the old owner and group, or to those that the caller has given. The new file must
    // not run with the rights of this process's user or group. A file that was private to one group must not
    // open up to another.
    if (reached.uid !== replaced?.uid && reached.uid !== owner?.uid) mode &= ~SET_USER_ID;
    if (reached.gid !== replaced?.gid && reached.gid !== owner?.gid) {
      mode &= ~SET_GROUP_ID & (~0o070 | ((mode & 0o007) << 3));
    }
  }
  if (mode !== (created.mode & MODE_BITS)) yield* fchmod(descriptor, mode);
}

interface Ids {
  readonly uid: number;
  readonly gid: number;
}

/** Sets user and group as far as the process may, unless the caller requires them. Returns what was set. */
function* setOwner(descriptor: number, created: Ids, attributes: Attributes): Steps<Ids> {
  const { owner, uid = created.uid, gid = created.gid } = attributes;
  let reached: Ids = created;
  if (uid === created.uid && gid === created.gid) return reached;
  const refusal = yield* changeOwner(descriptor, uid, gid);
  if (refusal === undefined) return { uid, gid };
  if (uid !== created.uid && gid !== created.gid) {
    // An unprivileged process may not change a file's owner, but may set any group that it belongs to. A user
    // namespace may have the owner but not the group.
    if ((yield* changeOwner(descriptor, created.uid, gid)) === undefined) reached = { uid: created.uid, gid };
    else if ((yield* changeOwner(descriptor, uid, created.gid)) === undefined)
      reached = { uid, gid: created.gid };
  }
  const lacksUid = owner?.uid !== undefined && owner.uid !== reached.uid;
  const lacksGid = owner?.gid !== undefined && owner.gid !== reached.gid;
  if (owner?.required && (lacksUid || lacksGid)) throw refusal.error;
  return reached;
}

/** @returns the error if the process may not do it. */
function* changeOwner(descriptor: number, uid: number, gid: number): Steps<{ error: unknown } | undefined> {
  try {
    yield* fchown(descriptor, uid, gid);
    return undefined;
  } catch (error) {
    // EINVAL: the user namespace does not map this user or group (user_namespaces(7)).
    if (failedWith(error, 'EPERM', 'EINVAL')) return { error };
    throw error;
  }
}
