import type { Durability, Protocol } from '../base/options.js';
import type { AbsolutePath } from '../base/path.js';
import type { FileVersion } from '../base/save-request.js';
import type { Plan } from '../filesystem/decision.js';
import type { Steps } from './steps.js';

/** Which filesystem something is on, and which file or directory of it. Only to be compared. */
export interface FileIdentity {
  readonly major: number;
  readonly minor: number;
  /** Exactly: it may be higher than 2 ** 53. */
  readonly inode: bigint;
  /** 0 where the kernel does not tell, `NO_MOUNT_ID` where no call could. */
  readonly mountId: number;
}

/** Something that a backend holds open, under a number of its own. */
export interface OpenResource {
  readonly handle: number;
}

/** Plain `fs` sees mounts in the mount table alone. */
export const NO_MOUNT_ID = -1;

/** A directory that is open. Names are looked up in it, wherever it is moved meanwhile, if the backend can do that. */
export interface OpenDirectory extends FileIdentity, OpenResource {
  /** What it was opened by. */
  readonly path: Buffer;
  /** `false` where it may be written and entered but not read: then it cannot be synced. */
  readonly syncable: boolean;
}

/** A file that is open for reading. */
export interface OpenFile extends OpenResource {
  readonly size: number;
  /** What was read already: the beginning, at least. */
  readonly content: Buffer;
  /** What it was when it was opened. As long as the file is open, no other gets the same. */
  readonly version: FileVersion;
}

/** A file for the caller to write by its descriptor. Closed, it is gone, unless it was published. */
export interface OpenTemporary extends OpenResource {
  readonly fd: number;
  /** Whether it has no name before it is published. */
  readonly unnamed: boolean;
}

/** Where a save of a path would go. */
export interface LocatedTarget {
  readonly directory: OpenDirectory;
  readonly name: Buffer;
}

/**
 * A queue of locks on single bytes of an open directory, far behind anything that it holds. They vanish with it. `patience` is
 * for how long a call looks again before it says that it is not its turn, in microseconds.
 */
export interface LockCalls {
  /** A lock behind all others from `begin` to before `end`; `undefined` where it has to be asked for again. */
  drawTicket(
    directory: OpenDirectory,
    begin: bigint,
    end: bigint,
    patience: number,
  ): Steps<bigint | undefined>;
  /** How many come before the ticket, those that have given up among them. */
  position(directory: OpenDirectory, begin: bigint, ticket: bigint, patience: number): Steps<number>;
  remove(directory: OpenDirectory, ticket: bigint): Steps<void>;
}

export type EntryKind = 'file' | 'directory' | 'symlink' | 'other';

/** What stands under a name. Symbolic links are not followed. */
export interface Entry extends FileIdentity {
  readonly kind: EntryKind | 'missing';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  /** `false` where that cannot be seen. */
  readonly mountPoint: boolean;
}

/** A name in a directory, with its kind where the listing tells. */
export interface ListedEntry {
  readonly name: Buffer;
  readonly kind?: EntryKind;
}

/** How a change of names goes about it on a filesystem, and what that achieves. */
export interface FilesystemPlan extends Plan {
  /** One `syncfs` makes a tree of files durable, and reports what went wrong. */
  readonly syncfs: boolean;
  /** `PortablePlan.syncsFileAgain`. */
  readonly syncsFileAgain: boolean;
}

/**
 * The calls that the steps of `src/names` are made of. Names are one component of a path each, in an open directory; a slash
 * at the end asks for a directory. What fails throws as Node's `fs` does, with `code`, `errno` and `syscall`; `path` is there
 * only where the caller could not know it. What a backend does not have is absent.
 */
export interface FileSystemCalls {
  readonly name: 'native' | 'portable';

  /** Follows symbolic links. */
  openDirectory(path: Buffer): Steps<OpenDirectory>;
  /** Does not follow one. */
  openSubdirectory(directory: OpenDirectory, name: Buffer): Steps<OpenDirectory>;
  /** Does not throw: nothing was written by it. */
  close(directory: OpenDirectory): Steps<void>;
  /** In this order. */
  closeAll(opened: readonly OpenResource[]): Steps<void>;
  /** The directory itself and all above it. */
  ancestors(directory: OpenDirectory): Steps<readonly FileIdentity[]>;
  /** Without symbolic links. */
  realPath(directory: OpenDirectory): Steps<Buffer>;
  /** Where something is mounted, without symbolic links; none where that is hidden. */
  mountPoints(): Steps<readonly Buffer[]>;
  /** @param forced instead of a cheaper protocol that is proven. */
  planFor(
    directory: OpenDirectory,
    durability: Durability,
    forced?: Extract<Protocol, 'sync-rename-sync'>,
  ): Steps<FilesystemPlan>;

  /** Behind symbolic links. Throws what a save of the path would reject with. */
  locate(path: AbsolutePath, makeDirectories: boolean): Steps<LocatedTarget>;
  /** To read it. */
  openFile(directory: OpenDirectory, name: Buffer): Steps<OpenFile>;
  readAll(file: OpenFile): Steps<Buffer>;
  readonly locks?: LockCalls;
  /** @param mode exactly, if it is given; else that of any new file. */
  createTemporary?(
    directory: OpenDirectory,
    mode: number | undefined,
    unnamed: boolean,
  ): Steps<OpenTemporary>;

  lookUp(directory: OpenDirectory, name: Buffer): Steps<Entry>;
  /** In no order. */
  list(directory: OpenDirectory): Steps<readonly ListedEntry[]>;

  /** Replaces what stands under `to`, if rename(2) can. */
  rename(fromDirectory: OpenDirectory, from: Buffer, toDirectory: OpenDirectory, to: Buffer): Steps<void>;
  /** Fails with `EEXIST` if anything stands under `to`. */
  renameExclusive?(
    fromDirectory: OpenDirectory,
    from: Buffer,
    toDirectory: OpenDirectory,
    to: Buffer,
  ): Steps<void>;
  exchange?(
    oneDirectory: OpenDirectory,
    one: Buffer,
    otherDirectory: OpenDirectory,
    other: Buffer,
  ): Steps<void>;
  link(fromDirectory: OpenDirectory, from: Buffer, toDirectory: OpenDirectory, to: Buffer): Steps<void>;
  symlink(text: Buffer, directory: OpenDirectory, name: Buffer): Steps<void>;
  unlink(directory: OpenDirectory, name: Buffer): Steps<void>;
  /** Of what is not a directory. What is gone already is no error; another error says with `path` which one it was. */
  unlinkAll(directory: OpenDirectory, names: readonly Buffer[]): Steps<void>;
  removeDirectory(directory: OpenDirectory, name: Buffer): Steps<void>;

  /** @returns whether its names are on stable storage; `false` where there is no such thing for this directory. */
  syncDirectory(directory: OpenDirectory): Steps<boolean>;
  /**
   * The content of those that are files; everything else is made durable with its name. An error says with `path` which one
   * it was.
   *
   * @returns whether all of it could be: on Windows plain `fs` cannot sync what is read-only.
   */
  syncFiles(directory: OpenDirectory, names: readonly Buffer[]): Steps<boolean>;
  /** Everything dirty on its filesystem. */
  syncFilesystem?(directory: OpenDirectory): Steps<void>;
  /** For `FilesystemPlan.syncsFileAgain`, behind the directory's sync. */
  commitLog?(directory: OpenDirectory): Steps<void>;

  /** Removes the temporary of a writer that has let go of its lock. */
  removeIfUnlocked?(directory: OpenDirectory, name: Buffer): Steps<'removed' | 'locked' | 'unknown'>;
}
