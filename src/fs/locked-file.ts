import { isError } from '../base/errors.js';
import { failedWith, toSaveError } from '../base/fs-error.js';
import { noLockError } from '../base/save-errors.js';
import type { FileVersion } from '../base/save-request.js';
import type { FileSystemCalls, LocatedTarget, OpenFile, ReadRequest } from './file-system-calls.js';
import { mayBeUnavailable } from './optional-calls.js';
import type { Steps } from './steps.js';
import { TicketLock } from './ticket-lock.js';

/** The part of an update that is needed before its save. */
export interface UpdateRequest extends ReadRequest {
  readonly makeDirectories: boolean;
  /**
   * `'machine'` requires a lock that excludes other threads and processes; `'thread'` uses one only if it is
   * available.
   */
  readonly lock: 'machine' | 'thread';
}

/** The file that an update has read under its lock. */
export interface FileRead {
  /** `undefined` if the file does not exist. */
  readonly content: Buffer | undefined;
  /** The version that the save expects. */
  readonly version: FileVersion;
}

/** No lock is at this offset. */
export const LEASE = -1n;

/** The target of a path, and the lock on it. */
interface LockedTarget extends LocatedTarget {
  readonly lock: TicketLock | undefined;
}

/** A file that an update reads under a lock. */
export class LockedFile {
  readonly #calls: FileSystemCalls;
  readonly #request: UpdateRequest;
  #target: LockedTarget | undefined;
  /** Kept open, so that no other file gets its inode number while versions are compared. */
  #file: OpenFile | undefined;
  #hasWaited = false;

  constructor(calls: FileSystemCalls, request: UpdateRequest) {
    this.#calls = calls;
    this.#request = request;
  }

  /**
   * Tries to acquire the lock on the path's target, and reads the file if it is this update's turn.
   *
   * @returns the file; or what comes first: a lock of another process or thread (`TicketLock.tryAcquire`), or
   *   the lease of another program on the file (`LEASE`). The caller then calls `read` again.
   */
  *read(): Steps<FileRead | bigint> {
    try {
      for (;;) {
        this.#target ??= yield* this.#locate();
        const ahead = yield* this.#tryLock(this.#target);
        if (ahead !== undefined) {
          this.#hasWaited = true;
          return ahead;
        }
        if (!this.#hasWaited) return yield* this.#readFile(this.#target);
        this.#hasWaited = false;
        // Meanwhile a symbolic link may have changed, or the directory may have been replaced.
        const current = yield* this.#locate();
        if (isSame(current, this.#target)) {
          yield* this.#calls.close(current.directory);
          return yield* this.#readFile(this.#target);
        }
        const previous = this.#target;
        this.#target = current;
        yield* this.#close(previous);
      }
    } catch (error) {
      throw toSaveError(error, { path: this.#request.path });
    }
  }

  /** Releases the lock and closes everything. Does not throw: nothing was written. */
  *release(): Steps<void> {
    const target = this.#target;
    const file = this.#file;
    this.#target = undefined;
    this.#file = undefined;
    if (target !== undefined) yield* this.#close(target, file);
  }

  *#locate(): Steps<LockedTarget> {
    const located = yield* this.#calls.locate(this.#request.path, this.#request.makeDirectories);
    const { locks } = this.#calls;
    return {
      ...located,
      lock: locks === undefined ? undefined : new TicketLock(locks, located.directory, located.name),
    };
  }

  *#tryLock({ lock }: LockedTarget): Steps<bigint | undefined> {
    const { path, lock: scope } = this.#request;
    if (lock === undefined) {
      if (scope === 'machine') throw noLockError(path, 'The portable engine', 'flock');
      return undefined;
    }
    try {
      return yield* lock.tryAcquire();
    } catch (error) {
      if (!mayBeUnavailable('lock', error)) throw error;
      if (scope === 'machine') throw noLockError(path, 'The filesystem', syscallOf(error));
      return undefined;
    }
  }

  *#readFile({ directory, name }: LockedTarget): Steps<FileRead | bigint> {
    try {
      this.#file = yield* this.#calls.openFile(directory, name, this.#request);
    } catch (error) {
      // fcntl(2), F_SETLEASE: the open without waiting has told the holder of the lease to give it up.
      if (failedWith(error, 'EAGAIN')) return LEASE;
      if (!failedWith(error, 'ENOENT')) throw error;
      return { content: undefined, version: 'missing' };
    }
    return { content: yield* this.#calls.readAll(this.#file), version: this.#file.version };
  }

  /**
   * Releases the lock first, because other updates wait for it. Closing the old version frees its blocks and
   * may be slow.
   */
  *#close({ directory, lock }: LockedTarget, file?: OpenFile): Steps<void> {
    try {
      if (lock !== undefined) yield* lock.release();
    } catch {
      // Closing the directory also releases the lock. Exception: a child process that is just starting has
      // the descriptor open until it runs its own program.
    }
    yield* this.#calls.closeAll(file === undefined ? [directory] : [directory, file]);
  }
}

function syscallOf(error: unknown): string {
  return isError(error) && 'syscall' in error ? String(error.syscall) : 'fcntl';
}

function isSame(one: LocatedTarget, other: LocatedTarget): boolean {
  const [a, b] = [one.directory, other.directory];
  return one.name.equals(other.name) && a.inode === b.inode && a.major === b.major && a.minor === b.minor;
}
