import { indelibleError } from '../../base/errors.js';
import { failedWith, refusal, toSaveError } from '../../base/fs-error.js';
import type { AbsolutePath } from '../../base/path.js';
import { bytesOfPath, inDirectory, nameOf, namesDirectory, parentOf } from '../../base/path-bytes.js';
import { cannotKeepPreviousError, previousIsTargetError } from '../../base/save-errors.js';
import type { SaveParameters } from '../../base/save-request.js';
import { mayBeUnavailable } from '../../fs/optional-calls.js';
import { Directory } from '../../fs/plain/directory.js';
import {
  areSameFile,
  closeIgnoringErrors,
  fstat,
  isDenied,
  link,
  lstat,
  openToSync,
  rename,
  statExactly,
  syncAndClose,
  unlink,
} from '../../fs/plain/plain-fs.js';
import type { PortablePlan } from '../../fs/plain/plan.js';
import { retryWhileBusy } from '../../fs/plain/retry-while-busy.js';
import { refuseForeignFile, refuseForeignLink, refuseForeignLinks } from '../../fs/plain/shared-directory.js';
import type { Target } from '../../fs/plain/target.js';
import type { Steps } from '../../fs/steps.js';
import { temporaryName } from '../../fs/temporary-name.js';

/** The number of names to try. Random names do not collide, so a second attempt is not expected. */
const MAX_NAME_ATTEMPTS = 8;

/** The path at which a save keeps the version that it replaces. */
export class PreviousVersion {
  readonly #request: SaveParameters;
  readonly #keepPrevious: AbsolutePath;
  readonly #path: Buffer;
  readonly #directory: Directory;
  readonly #plan: PortablePlan;
  /** Whether the kept version is as durable as the protocol makes the new version. */
  #safe = true;

  private constructor(
    request: SaveParameters,
    keepPrevious: AbsolutePath,
    directory: Directory,
    plan: PortablePlan,
  ) {
    this.#request = request;
    this.#keepPrevious = keepPrevious;
    this.#path = bytesOfPath(keepPrevious);
    this.#directory = directory;
    this.#plan = plan;
  }

  /**
   * Opens the directory of the path. Refuses another filesystem, a directory at the path, and the target
   * itself. Changes nothing.
   *
   * @returns `undefined` if the request keeps no version.
   */
  static *open(
    request: SaveParameters,
    target: Target,
    plan: PortablePlan,
  ): Steps<PreviousVersion | undefined> {
    const { keepPrevious } = request;
    if (keepPrevious === undefined) return undefined;
    const path = bytesOfPath(keepPrevious);
    if (namesDirectory(path)) throw refusal('EISDIR', 'open', keepPrevious);
    let directory: Directory | undefined;
    try {
      yield* refuseForeignLinks(parentOf(path));
      directory = yield* Directory.open(parentOf(path));
      yield* checkKeepPrevious(request, keepPrevious, path, target);
      return new PreviousVersion(request, keepPrevious, directory, plan);
    } catch (error) {
      if (directory !== undefined) yield* directory.close();
      throw toSaveError(error, { path: keepPrevious });
    }
  }

  /** Whether its directory can be synced. */
  get readable(): boolean {
    return this.#directory.readable;
  }

  get safe(): boolean {
    return this.#safe;
  }

  /** A new temporary path in its directory. */
  newName(): Buffer {
    return inDirectory(this.#directory.path, temporaryName(this.#plan.local));
  }

  /**
   * Links the version at the target to the kept path, and replaces what was there. Makes the link as durable
   * as the protocol makes the new version: where a filesystem does not order its writes, the old version must
   * be durable at the kept path before it loses its name at the target.
   *
   * @param temporary a path from `newName`. It is free again afterwards.
   * @param shouldContinue whether the version is still to be kept. Called just before the rename.
   * @returns false if the target does not exist.
   */
  *keep(target: Buffer, temporary: Buffer, shouldContinue: () => boolean): Steps<boolean> {
    if (!(yield* this.#link(target, temporary))) return false;
    try {
      yield* this.#refuseToKeep(target, temporary);
      if (this.#plan.protocol !== 'rename') yield* this.#syncContent(temporary);
      if (!shouldContinue()) return true;
      yield* retryWhileBusy(() => rename(temporary, this.#path));
    } catch (error) {
      throw toSaveError(error, { path: this.#keepPrevious });
    } finally {
      // rename(2) does nothing if both names are links to the same file.
      yield* retryWhileBusy(() => unlinkIfExists(temporary));
    }
    if (this.#plan.protocol !== 'rename' && !(yield* this.#directory.sync())) this.#safe = false;
    return true;
  }

  *#link(target: Buffer, temporary: Buffer): Steps<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        yield* link(target, temporary);
        return true;
      } catch (error) {
        if (failedWith(error, 'ENOENT')) return false;
        if (failedWith(error, 'EEXIST') && attempt < MAX_NAME_ATTEMPTS) continue;
        // EPERM may also mean that fs.protected_hardlinks forbids the link.
        if (mayBeUnavailable('link', error)) throw cannotKeepPreviousError(this.#request, error);
        throw toSaveError(error, { path: target });
      }
    }
  }

  /**
   * Another program may have replaced the target since it was inspected. Where the old version is kept, the
   * policy for shared directories may not protect those who read it.
   */
  *#refuseToKeep(target: Buffer, kept: Buffer): Steps<void> {
    const stats = yield* lstat(kept);
    // Without the link that was just made.
    const entry = { uid: stats.uid, nlink: stats.nlink - 1, isSymbolicLink: () => stats.isSymbolicLink() };
    if (entry.isSymbolicLink()) yield* refuseForeignLink(target, entry);
    else if (this.#request.owner?.uid === undefined) yield* refuseForeignFile(target, entry);
  }

  /** The program that wrote the old version may not have synced it. */
  *#syncContent(path: Buffer): Steps<void> {
    let descriptor: number;
    try {
      descriptor = yield* openToSync(path);
    } catch (error) {
      // A symbolic link has no content to sync.
      if (failedWith(error, 'ELOOP')) return;
      // Plain `fs` can only sync a file that it can open.
      if (!failedWith(error, 'EACCES', 'EPERM', 'EAGAIN')) throw error;
      this.#cannotSync(error);
      return;
    }
    let isFile = false;
    try {
      isFile = (yield* fstat(descriptor)).isFile();
    } finally {
      if (!isFile) yield* closeIgnoringErrors(descriptor);
    }
    if (!isFile) return;
    try {
      yield* syncAndClose(descriptor);
    } catch (error) {
      if (!isDenied(error)) throw error;
      this.#cannotSync(error);
    }
  }

  #cannotSync(cause: unknown): void {
    if (this.#request.strict) {
      const message = `The current version of '${this.#request.path}' cannot be synced`;
      const where = { syscall: 'open', path: this.#request.path, cause };
      throw indelibleError('ERR_INDELIBLE_NOT_DURABLE', message, where);
    }
    this.#safe = false;
  }

  *close(): Steps<void> {
    yield* this.#directory.close();
  }
}

function* checkKeepPrevious(
  request: SaveParameters,
  keepPrevious: AbsolutePath,
  path: Buffer,
  target: Target,
): Steps<void> {
  const directory = yield* statExactly(parentOf(path));
  const targetDirectory = yield* statExactly(parentOf(target.path));
  if (directory.dev !== targetDirectory.dev) throw refusal('EXDEV', 'link', target.path, keepPrevious);
  const existing = yield* ifExists(lstat(path));
  const sameName = directory.ino === targetDirectory.ino && nameOf(path).equals(nameOf(target.path));
  // A file with one link has one name. Here it is spelled in two ways (a directory that folds case).
  const sameFile = existing?.nlink === 1 && ((yield* ifExists(areSameFile(path, target.path))) ?? false);
  if (sameName || sameFile) throw previousIsTargetError(request);
  if (existing?.isDirectory()) throw refusal('EISDIR', 'open', keepPrevious);
  if (existing?.isFile()) yield* refuseForeignFile(path, existing);
  if (existing !== undefined && !existing.isFile() && !existing.isSymbolicLink()) {
    const message = `Not a regular file; only regular files are replaced: '${keepPrevious}'`;
    throw indelibleError('ERR_INDELIBLE_NOT_A_FILE', message, { syscall: 'open', path: keepPrevious });
  }
}

function* ifExists<T>(look: Steps<T>): Steps<T | undefined> {
  try {
    return yield* look;
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function* unlinkIfExists(path: Buffer): Steps<void> {
  try {
    yield* unlink(path);
  } catch {
    // It does not exist, as expected, or a sweep removes it.
  }
}
