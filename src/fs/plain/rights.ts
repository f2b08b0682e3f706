import { readFileSync, type Stats } from 'node:fs';
import { failedCall, failedWith, UNSUPPORTED } from '../../base/fs-error.js';
import { mayChangeOpenFiles } from '../../base/permission.js';
import type { SaveParameters } from '../../base/save-request.js';
import type { Steps } from '../steps.js';
import { fchmod, fchown, fstat, isDenied } from './plain-fs.js';

/** The attributes of a file that the new version may take over. */
export type PreservedAttributes = Pick<Stats, 'mode' | 'uid' | 'gid'>;

const MODE_BITS = 0o7777;
/** Set-id bits and the sticky bit. */
const SPECIAL_BITS = 0o7000;
const SET_USER_ID = 0o4000;
const SET_GROUP_ID = 0o2000;
const SET_ID = SET_USER_ID | SET_GROUP_ID;
/** For a temporary whose target is not known yet. */
const PRIVATE_MODE = 0o600;

/** A sandbox, a user namespace or a filesystem may refuse to change mode or owner (chown(2), chmod(2)). */
const NOT_PERMITTED = ['EPERM', 'EACCES', 'EOVERFLOW', ...UNSUPPORTED] as const;

/**
 * The rights of a new version, and the order in which it gets them, so that at no instant anybody has more
 * rights than on the finished file: create; group; content; mode without set-id bits; owner; set-id bits.
 *
 * - Owner and group are those that the caller has given, or with `preserve.owner` those of the replaced file.
 * - The mode is that of the caller, or with `preserve.mode` that of the replaced file. Where owner or group is
 *   not kept, it loses the set-id bits and every right that the old owner or group did not have.
 *
 * Plain `fs` sees no access lists. The list of the replaced file is lost, and the mode is kept as it is.
 */
export class Rights {
  readonly #request: SaveParameters;
  readonly #replaced: PreservedAttributes | undefined;
  /** Mode and group of a new file, where they are not those of the temporary. */
  #model: Stats | undefined;
  #uid = -1;
  #gid = -1;
  #mode = -1;

  /** @param replaced the regular file at the path, if it exists. */
  constructor(request: SaveParameters, replaced: PreservedAttributes | undefined) {
    this.#request = request;
    this.#replaced = replaced;
  }

  /** The mode to create the temporary with. The umask applies. */
  get creationMode(): number {
    // Then neither group nor mode will change.
    if (this.#request.mode !== undefined && !mayChangeOpenFiles) return this.#request.mode & ~SPECIAL_BITS;
    const mode = this.#request.mode ?? this.#modeOfReplaced;
    if (mode !== undefined) {
      // The rights of the owner, and those that owner, group and all others have alike. A common mode such as
      // 0644 is complete from the start.
      const all = (mode >> 6) & (mode >> 3) & mode & 0o007;
      return (mode & 0o700) | (all << 3) | all;
    }
    return this.#changesOwner ? PRIVATE_MODE : this.#request.createMode & ~SPECIAL_BITS;
  }

  /** Where the target is known only at the end. */
  static get privateMode(): number {
    return PRIVATE_MODE;
  }

  /** Whether `measure` needs a model of a new file, and the mode to create it with. */
  modelMode(created: number): number | undefined {
    const isFinal = this.#request.mode !== undefined || this.#modeOfReplaced !== undefined;
    if (isFinal || (created !== PRIVATE_MODE && !this.#changesOwner)) return undefined;
    return this.#request.createMode & ~SPECIAL_BITS;
  }

  /** @param model an empty new file in the directory: it shows what umask and default list leave. */
  set model(model: Stats) {
    this.#model = model;
  }

  /** The group. */
  *setBeforeContent(descriptor: number): Steps<void> {
    if (!this.#changesOwner && this.#model === undefined && this.#finalMode === undefined) return;
    const created = yield* fstat(descriptor);
    this.#uid = created.uid;
    this.#gid = created.gid;
    this.#mode = created.mode & MODE_BITS;
    const wanted = this.#wantedGroup;
    if (wanted === undefined || wanted === this.#gid) return;
    const required = this.#request.owner?.gid !== undefined && this.#request.owner.required;
    if (yield* permitted(fchown(descriptor, this.#uid, wanted), required)) this.#gid = wanted;
  }

  /** Mode and owner. A write by an unprivileged process clears the set-id bits. */
  *setAfterContent(descriptor: number): Steps<void> {
    if (this.#mode === -1) return;
    const uid = this.#wantedUser ?? this.#uid;
    const changes = uid !== this.#uid;
    yield* this.#setMode(descriptor, changes ? this.#modeFor(false, 0) : this.#modeFor(true, SET_ID));
    if (!changes) return;
    const required = this.#request.owner?.uid !== undefined && this.#request.owner.required;
    if (yield* permitted(fchown(descriptor, uid, this.#gid), required)) this.#uid = uid;
    yield* this.#setMode(descriptor, this.#modeFor(true, SET_ID));
  }

  /**
   * @param asOwned whether the file has its final owner by now.
   * @param setId the set-id bits that may be set.
   */
  #modeFor(asOwned: boolean, setId: number): number | undefined {
    const mode = this.#finalMode;
    if (mode === undefined || this.#request.mode !== undefined || this.#model !== undefined) {
      return mode === undefined ? undefined : mode & (~SET_ID | setId);
    }
    const ownerKept = asOwned && this.#keepsOwner;
    const groupKept = this.#keepsGroup;
    const owner = (mode >> 6) & 7;
    let group = (mode >> 3) & 7;
    let other = mode & 7;
    // Members of the old group are now others, and others may be members of the new group. The old owner is
    // now in the group, or one of all others.
    if (!groupKept) group = other &= group;
    if (!ownerKept) {
      group &= owner;
      other &= owner;
    }
    // The set-id bits were given to the old owner and group, and to no others.
    const kept = (ownerKept && this.#hasOldOwner ? SET_USER_ID : 0) | (this.#hasOldGroup ? SET_GROUP_ID : 0);
    return (mode & SPECIAL_BITS & (~SET_ID | (kept & setId))) | (owner << 6) | (group << 3) | other;
  }

  *#setMode(descriptor: number, mode: number | undefined): Steps<void> {
    if (mode === undefined || mode === this.#mode) return;
    if (this.#request.mode !== undefined) {
      yield* fchmod(descriptor, mode);
      // chmod(2) clears set-group-id without an error if the process is not in the group.
      const missing = (mode & SET_ID) === 0 ? 0 : mode & SET_ID & ~(yield* fstat(descriptor)).mode;
      if (missing !== 0) throw failedCall('EPERM', 'fchmod');
    } else if (!(yield* permitted(fchmod(descriptor, mode), false))) {
      // A sandbox may refuse set-id bits. Less than the mode is enough.
      const less = mode & ~SET_ID;
      if (less === this.#mode || (yield* permitted(fchmod(descriptor, less), (this.#mode & ~less) !== 0)))
        this.#mode = less;
      return;
    }
    this.#mode = mode;
  }

  get #modeOfReplaced(): number | undefined {
    if (this.#replaced === undefined || !this.#request.preserve.mode) return undefined;
    return this.#replaced.mode & MODE_BITS;
  }

  get #finalMode(): number | undefined {
    const { mode, createMode } = this.#request;
    const special = createMode & SPECIAL_BITS;
    if (mode !== undefined) return mode;
    if (this.#modeOfReplaced !== undefined) return this.#modeOfReplaced;
    if (this.#model !== undefined) return (this.#model.mode & MODE_BITS) | special;
    // The system has applied the umask to the other bits.
    if (special === 0) return undefined;
    return this.#mode === -1 ? special : this.#mode | special;
  }

  get #changesOwner(): boolean {
    return this.#wantedUser !== undefined || this.#wantedGroup !== undefined;
  }

  get #wantedUser(): number | undefined {
    const { owner, preserve } = this.#request;
    if (owner?.uid !== undefined) return owner.uid;
    const uid = preserve.owner ? this.#replaced?.uid : undefined;
    return uid === undefined || isAmbiguous('uid', uid) ? undefined : uid;
  }

  get #wantedGroup(): number | undefined {
    const { owner, preserve } = this.#request;
    if (owner?.gid !== undefined) return owner.gid;
    const gid = preserve.owner ? this.#replaced?.gid : this.#model?.gid;
    return gid === undefined || isAmbiguous('gid', gid) ? undefined : gid;
  }

  /** Whether the file has the user that the rights of the old one are for, or whom the caller has given. */
  get #keepsOwner(): boolean {
    return this.#uid === this.#request.owner?.uid || this.#hasOldOwner;
  }

  get #keepsGroup(): boolean {
    return this.#gid === this.#request.owner?.gid || this.#hasOldGroup;
  }

  get #hasOldOwner(): boolean {
    if (this.#replaced === undefined) return true;
    return this.#uid === this.#replaced.uid && !isAmbiguous('uid', this.#uid);
  }

  get #hasOldGroup(): boolean {
    if (this.#replaced === undefined) return true;
    return this.#gid === this.#replaced.gid && !isAmbiguous('gid', this.#gid);
  }
}

/** @returns whether the step was done. An error that says "not permitted" counts only if it is `required`. */
function* permitted(step: Steps<void>, required: boolean): Steps<boolean> {
  try {
    yield* step;
    return true;
  } catch (error) {
    if (required || !(failedWith(error, ...NOT_PERMITTED) || isDenied(error))) throw error;
    return false;
  }
}

/** The number that stands for all ids which the user namespace does not map, usually 65534. */
const overflowIds: { uid?: number; gid?: number } = {};

/** Whether the id may stand for unmapped ones (user_namespaces(7)), so that it cannot be kept. */
export function isAmbiguous(kind: 'uid' | 'gid', id: number): boolean {
  if (process.platform !== 'linux') return false;
  overflowIds[kind] ??= Number(readProc(`/proc/sys/kernel/overflow${kind}`) ?? 65534);
  if (id !== overflowIds[kind]) return false;
  // The initial namespace maps all ids.
  return !/^\s*0\s+0\s+4294967295\s*$/.test(readProc(`/proc/self/${kind}_map`) ?? '');
}

/** A small file of the kernel's: reading it waits for nothing. */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
}
