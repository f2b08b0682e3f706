import { isError } from '../base/errors.js';
import { failedWith, toSaveError } from '../base/fs-error.js';
import { inDirectory } from '../base/path-bytes.js';
import { lockFileError, noLockError } from '../base/save-errors.js';
import type { FileVersion } from '../base/save-request.js';
import type {
  FileSystemCalls,
  LocatedTarget,
  LockCalls,
  OpenDirectory,
  OpenFile,
  ReadRequest,
  Sharing,
} from './file-system-calls.js';
import { mayBeUnavailable } from './optional-calls.js';
import type { Steps } from './steps.js';
import { type Ahead, TicketLock } from './ticket-lock.js';

/** Which other updates a lock keeps out. */
export type LockScope = 'everywhere' | 'machine' | 'thread';

/** The part of an update that is needed before its save. */
export interface UpdateRequest extends Omit<ReadRequest, 'asksServer'> {
  readonly makeDirectories: boolean;
  /**
   * `'everywhere'` and `'machine'` require a lock that excludes other machines, or other threads and
   * processes; `'thread'` uses one only if it is available. Default: `Decision.updateLock`.
   */
  readonly lock: LockScope | undefined;
}

/** The file that an update has read under its lock. */
export interface FileRead {
  /** `undefined` if the file does not exist. */
  readonly content: Buffer | undefined;
  /** The version that the save expects. */
  readonly version: FileVersion;
}

/** Something else than a lock comes first. No lock is at this offset. */
const NO_LOCK: Ahead = { lock: -1n, places: 1 };

/**
 * The lock file of a directory, empty and never removed: a lock on a file that others can replace is none. It
 * is not the name of a temporary.
 */
export const LOCK_FILE = Buffer.from('.indelible-lock');

/** How often a file may be replaced while it is read. */
const MAX_ATTEMPTS = 10;

/** The target of a path, and the locks on it. */
interface LockedTarget extends LocatedTarget {
  readonly sharing: Sharing;
  readonly lock: TicketLock | undefined;
  /** The lock that other machines see, if it is needed and its file is open. */
  everywhere: { readonly file: OpenDirectory; readonly lock: TicketLock } | undefined;
}

/** A file that an update reads under a lock. */
export class LockedFile {
  readonly #calls: FileSystemCalls;
  readonly #request: UpdateRequest;
  #target: LockedTarget | undefined;
  /** On a local filesystem it stays open, so that no other file gets its inode number meanwhile. */
  #file: OpenFile | undefined;
  #hasWaited = false;

  constructor(calls: FileSystemCalls, request: UpdateRequest) {
    this.#calls = calls;
    this.#request = request;
  }

  /**
   * Tries to acquire the lock on the path's target, and reads the file if it is this update's turn.
   *
   * @returns the file; or what comes first: a lock of another process or thread, or something else, such as the lease
   *   of another program on the file. The caller then calls `read` again.
   */
  *read(): Steps<FileRead | Ahead> {
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
      sharing: yield* this.#calls.sharing(located.directory),
      lock: locks === undefined ? undefined : new TicketLock(locks, located.directory, located.name),
      everywhere: undefined,
    };
  }

  *#tryLock(target: LockedTarget): Steps<Ahead | undefined> {
    const { path, lock: asked } = this.#request;
    const { locks } = this.#calls;
    const { updateLock } = target.sharing;
    const byDefault = updateLock === 'everywhere' || updateLock === 'none' ? 'everywhere' : 'machine';
    const scope = asked ?? byDefault;
    if (locks === undefined || target.lock === undefined) {
      if (scope !== 'thread') throw noLockError(path, 'The portable engine', 'flock');
      return undefined;
    }
    if (scope === 'everywhere' && (updateLock === 'machine' || updateLock === 'none')) {
      throw noLockError(path, 'The filesystem', 'fcntl', 'machines');
    }
    let whom: 'processes' | 'machines' = 'processes';
    try {
      // First: the processes of one machine wait for each other without asking a server.
      const ahead = yield* target.lock.tryAcquire();
      if (ahead !== undefined || scope !== 'everywhere') return ahead;
      whom = 'machines';
      return yield* this.#tryLockFile(target, locks);
    } catch (error) {
      if (error instanceof LockFileRefusal) throw error.reason;
      if (!mayBeUnavailable('lock', error)) throw error;
      if (scope !== 'thread') throw noLockError(path, 'The filesystem', syscallOf(error), whom);
      return undefined;
    }
  }

  /** The lock that other machines see. */
  *#tryLockFile(target: LockedTarget, locks: LockCalls): Steps<Ahead | undefined> {
    const { directory, name } = target;
    if (target.everywhere === undefined) {
      const file = yield* openLockFile(locks, directory);
      target.everywhere = { file, lock: new TicketLock(locks, file, name) };
    }
    const { file, lock } = target.everywhere;
    const ahead = yield* lock.tryAcquire();
    // Whoever may write the directory may have removed the file, and another update may have made a new one.
    if (ahead !== undefined || (yield* locks.isLockFile(directory, LOCK_FILE, file))) return ahead;
    target.everywhere = undefined;
    yield* this.#calls.closeAll([file]);
    return NO_LOCK;
  }

  *#readFile({ directory, name, sharing }: LockedTarget): Steps<FileRead | Ahead> {
    const request = { ...this.#request, asksServer: !sharing.local };
    for (let attempt = 1; ; attempt += 1) {
      let file: OpenFile | undefined;
      try {
        file = yield* this.#calls.openFile(directory, name, request);
        this.#file = file;
        return { content: yield* this.#calls.readAll(file), version: file.version };
      } catch (error) {
        // fcntl(2), F_SETLEASE: the open without waiting has told the holder of the lease to give it up. Or the
        // filesystem's client remembers an older file for a moment.
        if (failedWith(error, 'EAGAIN')) return NO_LOCK;
        const missing = failedWith(error, 'ENOENT');
        // GlusterFS opens a file late and then finds that it is gone: it was replaced, and the name is not missing.
        if (missing && syscallOf(error) === 'open') return { content: undefined, version: 'missing' };
        if (attempt === MAX_ATTEMPTS || !(missing || failedWith(error, 'ESTALE'))) throw error;
        this.#file = undefined;
        if (file !== undefined) yield* this.#calls.closeAll([file]);
      }
    }
  }

  /**
   * Releases the locks first, because other updates wait for them. Closing the old version frees its blocks
   * and may be slow.
   */
  *#close({ directory, lock, everywhere }: LockedTarget, file?: OpenFile): Steps<void> {
    try {
      if (everywhere !== undefined) yield* everywhere.lock.release();
      if (lock !== undefined) yield* lock.release();
    } catch {
      // Closing the directory also releases the lock. Exception: a child process that is just starting has
      // the descriptor open until it runs its own program.
    }
    const opened = [everywhere?.file, directory, file].filter((one) => one !== undefined);
    yield* this.#calls.closeAll(opened);
  }
}

/** The error of opening a lock file, which may not mean that the filesystem has no locks. */
class LockFileRefusal {
  readonly reason: unknown;

  constructor(reason: unknown) {
    this.reason = reason;
  }
}

function* openLockFile(locks: LockCalls, directory: OpenDirectory): Steps<OpenDirectory> {
  try {
    return yield* locks.openLockFile(directory, LOCK_FILE);
  } catch (error) {
    if (!failedWith(error, 'EACCES', 'EISDIR', 'ELOOP', 'ENXIO') || !isError(error)) throw error;
    const errno = 'errno' in error ? Number(error.errno) : 0;
    throw new LockFileRefusal(lockFileError(errno, inDirectory(directory.path, LOCK_FILE)));
  }
}

function syscallOf(error: unknown): string {
  return isError(error) && 'syscall' in error ? String(error.syscall) : 'fcntl';
}

function isSame(one: LocatedTarget, other: LocatedTarget): boolean {
  const [a, b] = [one.directory, other.directory];
  return one.name.equals(other.name) && a.inode === b.inode && a.major === b.major && a.minor === b.minor;
}
