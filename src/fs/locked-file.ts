import { failedWith, toSaveError } from '../base/fs-error.js';
import type { AbsolutePath } from '../base/path.js';
import { noLockError } from '../base/save-errors.js';
import type { FileVersion } from '../base/save-request.js';
import type { FileSystemCalls, LocatedTarget, OpenFile } from './file-system-calls.js';
import type { Steps } from './steps.js';
import { TicketLock } from './ticket-lock.js';

/** What an update needs before there is anything to save. */
export interface UpdateRequest {
  readonly path: AbsolutePath;
  readonly makeDirectories: boolean;
  /** Whether updates of other threads and processes must be kept out, or only where that can be had. */
  readonly lock: 'machine' | 'thread';
}

/** What an update has found when its turn came. */
export interface FileRead {
  /** `undefined` if there is no file. */
  readonly content: Buffer | undefined;
  /** What the save has to find. */
  readonly version: FileVersion;
}

/**
 * EBADF: a directory that cannot be read, whose descriptor takes no locks, or a filesystem (NFS) whose exclusive locks need one
 * that is open for writing.
 */
const NO_LOCKS = ['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ENOTTY', 'ENOLCK', 'EBADF'] as const;

/** What a path leads to, and the lock on it. */
interface LockedTarget extends LocatedTarget {
  readonly lock: TicketLock | undefined;
}

/** A file that is read under a lock, to be changed and saved. */
export class LockedFile {
  readonly #calls: FileSystemCalls;
  readonly #request: UpdateRequest;
  #target: LockedTarget | undefined;
  /** Held open, so that no other file gets its inode's number while that is compared. */
  #file: OpenFile | undefined;
  #hasWaited = false;

  constructor(calls: FileSystemCalls, request: UpdateRequest) {
    this.#calls = calls;
    this.#request = request;
  }

  /**
   * Asks for the lock on what the path leads to, and reads that if it is this update's turn.
   *
   * @returns how many updates of other processes and threads come first, at most: then to be asked again.
   */
  *read(): Steps<FileRead | number> {
    try {
      for (;;) {
        this.#target ??= yield* this.#locate();
        const ahead = yield* this.#tryLock(this.#target);
        if (ahead > 0) {
          this.#hasWaited = true;
          return ahead;
        }
        if (!this.#hasWaited) return yield* this.#readFile(this.#target);
        this.#hasWaited = false;
        // Meanwhile a symbolic link may have been pointed elsewhere, or the directory been replaced.
        const now = yield* this.#locate();
        if (isSame(now, this.#target)) {
          yield* this.#calls.close(now.directory);
          return yield* this.#readFile(this.#target);
        }
        const left = this.#target;
        this.#target = now;
        yield* this.#leave(left);
      }
    } catch (error) {
      throw toSaveError(error, { path: this.#request.path });
    }
  }

  /** Gives the lock up and closes everything. Throws nothing: nothing was written. */
  *release(): Steps<void> {
    const target = this.#target;
    const file = this.#file;
    this.#target = undefined;
    this.#file = undefined;
    if (target !== undefined) yield* this.#leave(target, file);
  }

  *#locate(): Steps<LockedTarget> {
    const located = yield* this.#calls.locate(this.#request.path, this.#request.makeDirectories);
    const { locks } = this.#calls;
    return {
      ...located,
      lock: locks === undefined ? undefined : new TicketLock(locks, located.directory, located.name),
    };
  }

  *#tryLock({ lock }: LockedTarget): Steps<number> {
    const { path, lock: asked } = this.#request;
    if (lock === undefined) {
      if (asked === 'machine') throw noLockError(path, 'The portable engine', 'flock');
      return 0;
    }
    try {
      return yield* lock.tryAcquire();
    } catch (error) {
      if (!failedWith(error, ...NO_LOCKS)) throw error;
      if (asked === 'machine') throw noLockError(path, 'The filesystem', syscallOf(error));
      return 0;
    }
  }

  *#readFile({ directory, name }: LockedTarget): Steps<FileRead> {
    try {
      this.#file = yield* this.#calls.openFile(directory, name);
    } catch (error) {
      if (!failedWith(error, 'ENOENT')) throw error;
      return { content: undefined, version: 'missing' };
    }
    return { content: yield* this.#calls.readAll(this.#file), version: this.#file.version };
  }

  /** The lock first: others wait for it. Closing the old version may take its time, since that frees its blocks. */
  *#leave({ directory, lock }: LockedTarget, file?: OpenFile): Steps<void> {
    try {
      if (lock !== undefined) yield* lock.release();
    } catch {
      // Closing the directory gives the lock up as well, unless a child process is just being started, which holds the descriptor
      // until it runs its own program.
    }
    yield* this.#calls.closeAll(file === undefined ? [directory] : [directory, file]);
  }
}

function syscallOf(error: unknown): string {
  return error instanceof Error && 'syscall' in error ? String(error.syscall) : 'fcntl';
}

function isSame(one: LocatedTarget, other: LocatedTarget): boolean {
  const [here, there] = [one.directory, other.directory];
  return (
    one.name.equals(other.name) &&
    here.inode === there.inode &&
    here.major === there.major &&
    here.minor === there.minor
  );
}
