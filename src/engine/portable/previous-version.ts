import type { Stats } from 'node:fs';
import { indelibleError } from '../../base/errors.js';
import { failedWith, refusal, toSaveError } from '../../base/fs-error.js';
import type { Protocol } from '../../base/options.js';
import type { AbsolutePath } from '../../base/path.js';
import { bytesOfPath, inDirectory, nameOf, namesDirectory, parentOf } from '../../base/path-bytes.js';
import { cannotKeepPreviousError, previousIsTargetError } from '../../base/save-errors.js';
import type { SaveParameters } from '../../base/save-request.js';
import { Directory } from '../../fs/plain/directory.js';
import {
  close,
  fdatasync,
  fstat,
  link,
  lstat,
  openToSync,
  rename,
  stat,
  unlink,
} from '../../fs/plain/plain-fs.js';
import { retryWhileBusy } from '../../fs/plain/retry-while-busy.js';
import type { Target } from '../../fs/plain/target.js';
import type { Steps } from '../../fs/steps.js';
import { temporaryName } from '../../fs/temporary-name.js';

/** A sweep cannot take a living process's names; more than one attempt means that something else is wrong. */
const MAX_NAME_ATTEMPTS = 8;

/** Where a save keeps the version that it replaces. */
export class PreviousVersion {
  readonly #request: SaveParameters;
  readonly #asked: AbsolutePath;
  readonly #path: Buffer;
  readonly #directory: Directory;
  readonly #protocol: Protocol;
  /** Whether the kept version is as safe on disk as the protocol makes the new one. */
  #safe = true;

  private constructor(
    request: SaveParameters,
    asked: AbsolutePath,
    directory: Directory,
    protocol: Protocol,
  ) {
    this.#request = request;
    this.#asked = asked;
    this.#path = bytesOfPath(asked);
    this.#directory = directory;
    this.#protocol = protocol;
  }

  /**
   * Opens the place, and refuses what can be none: another filesystem, a directory, the target itself. Changes nothing.
   *
   * @returns `undefined` where the request keeps nothing.
   */
  static *open(
    request: SaveParameters,
    target: Target,
    protocol: Protocol,
  ): Steps<PreviousVersion | undefined> {
    const { keepPrevious: asked } = request;
    if (asked === undefined) return undefined;
    const path = bytesOfPath(asked);
    if (namesDirectory(path)) throw refusal('EISDIR', 'open', asked);
    let directory: Directory | undefined;
    try {
      directory = yield* Directory.open(parentOf(path));
      yield* checkKeepPrevious(request, asked, path, target);
      return new PreviousVersion(request, asked, directory, protocol);
    } catch (error) {
      if (directory !== undefined) yield* directory.close();
      throw toSaveError(error, { path: asked });
    }
  }

  /** Whether names in its directory can be synced. */
  get readable(): boolean {
    return this.#directory.readable;
  }

  get safe(): boolean {
    return this.#safe;
  }

  /** A name that nothing has, in the place's directory. */
  newName(): Buffer {
    return inDirectory(this.#directory.path, temporaryName());
  }

  /**
   * Gives what stands under the target's name the previous name as well, in place of what stood there, and makes that as
   * safe as the protocol makes the new version: where a filesystem orders nothing by itself, the old version must be safe
   * under this name before it can lose the other one.
   *
   * @param own a name from `newName`, free again afterwards.
   * @param goOn whether the name is still to be given, asked just before.
   * @returns false where nothing stands under the target's name.
   */
  *keep(target: Buffer, own: Buffer, goOn: () => boolean): Steps<boolean> {
    if (!(yield* this.#link(target, own))) return false;
    try {
      if (this.#protocol !== 'rename') yield* this.#syncContent(own);
      if (!goOn()) return true;
      yield* retryWhileBusy(() => rename(own, this.#path));
    } catch (error) {
      throw toSaveError(error, { path: this.#asked });
    } finally {
      // rename(2) does nothing where the two are one file already.
      yield* retryWhileBusy(() => unlinkIfThere(own));
    }
    if (this.#protocol !== 'rename' && !(yield* this.#directory.sync())) this.#safe = false;
    return true;
  }

  *#link(target: Buffer, own: Buffer): Steps<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        yield* link(target, own);
        return true;
      } catch (error) {
        if (failedWith(error, 'ENOENT')) return false;
        if (failedWith(error, 'EEXIST') && attempt < MAX_NAME_ATTEMPTS) continue;
        // link(2): EPERM says that the filesystem has no hard links, or that fs.protected_hardlinks forbids one.
        if (failedWith(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'))
          throw cannotKeepPreviousError(this.#request, error);
        throw toSaveError(error, { path: target });
      }
    }
  }

  /** Whoever wrote the old version need not have made it safe. */
  *#syncContent(own: Buffer): Steps<void> {
    let descriptor: number;
    try {
      descriptor = yield* openToSync(own);
    } catch (error) {
      // A symbolic link has no content apart from its name.
      if (failedWith(error, 'ELOOP')) return;
      // Plain `fs` can sync nothing but what it can open.
      if (!failedWith(error, 'EACCES', 'EPERM')) throw error;
      if (this.#request.strict) {
        const message = `The version that '${this.#request.path}' has now cannot be read, and so not be made durable`;
        const where = { syscall: 'open', path: this.#request.path, cause: error };
        throw indelibleError('ERR_INDELIBLE_NOT_DURABLE', message, where);
      }
      this.#safe = false;
      return;
    }
    try {
      if ((yield* fstat(descriptor)).isFile()) yield* fdatasync(descriptor);
    } finally {
      yield* close(descriptor);
    }
  }

  *close(): Steps<void> {
    yield* this.#directory.close();
  }
}

function* checkKeepPrevious(
  request: SaveParameters,
  asked: AbsolutePath,
  path: Buffer,
  target: Target,
): Steps<void> {
  const own = yield* stat(parentOf(path));
  const targets = yield* stat(parentOf(target.path));
  if (own.dev !== targets.dev) throw refusal('EXDEV', 'link', target.path, asked);
  const existing = yield* lstatIfThere(path);
  const sameName = own.ino === targets.ino && nameOf(path).equals(nameOf(target.path));
  // With a single name the two can only be one, spelled in two ways (a directory that folds case).
  const sameFile = existing?.nlink === 1 && isSameFile(existing, yield* lstatIfThere(target.path));
  if (sameName || sameFile) throw previousIsTargetError(request);
  if (existing?.isDirectory()) throw refusal('EISDIR', 'open', asked);
  if (existing !== undefined && !existing.isFile() && !existing.isSymbolicLink()) {
    const message = `Not a regular file, and nothing else is replaced: '${asked}'`;
    throw indelibleError('ERR_INDELIBLE_NOT_A_FILE', message, { syscall: 'open', path: asked });
  }
}

function* lstatIfThere(path: Buffer): Steps<Stats | undefined> {
  try {
    return yield* lstat(path);
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function* unlinkIfThere(path: Buffer): Steps<void> {
  try {
    yield* unlink(path);
  } catch {
    // It is gone, as it should be; or what remains is litter for `sweep`.
  }
}

function isSameFile(one: Stats, other: Stats | undefined): boolean {
  return one.ino === other?.ino && one.dev === other.dev;
}
