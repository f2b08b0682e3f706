import type { Durability, Protocol } from '../base/options.js';
import type { AbsolutePath } from '../base/path.js';
import type { FileVersion } from '../base/save-request.js';
import type { Plan } from '../filesystem/decision.js';
import type { UpdateLock } from '../filesystem/update-lock.js';
import type { Steps } from './steps.js';

/** Identifies a file or directory and its filesystem. Only for comparison. */
export interface FileIdentity {
  readonly major: number;
  readonly minor: number;
  /** Exact: it may be greater than 2 ** 53. */
  readonly inode: bigint;
  /** 0 if the kernel does not tell it; `NO_MOUNT_ID` if the backend cannot read it. */
  readonly mountId: number;
}

/** A file or directory that a backend keeps open, under a number of its own. */
export interface OpenResource {
  readonly handle: number;
}

/** Plain `fs` sees mounts only in the mount table. */
export const NO_MOUNT_ID = -1;

/**
 * An open directory. The native backend looks names up in this directory even after a rename of it; plain
 * `fs` uses the path.
 */
export interface OpenDirectory extends FileIdentity, OpenResource {
  /** The path with which it was opened. */
  readonly path: Buffer;
  /** `false` if the directory may be written and entered but not read: it cannot be synced. */
  readonly syncable: boolean;
}

/** A file that is open for reading. */
export interface OpenFile extends OpenResource {
  readonly size: number;
  /** The bytes that were already read, from the beginning of the file. May be empty. */
  readonly content: Buffer;
  /** The version at the time of opening. No other version has the same value while the file is open. */
  readonly version: FileVersion;
}

/** The part of an update that decides whether a file may be read. */
export interface ReadRequest {
  /** The path for errors. */
  readonly path: AbsolutePath;
  /** Also the file of another user in a sticky directory that others may write. */
  readonly anyOwner: boolean;
  /**
   * The version is the server's, not one that this machine remembers, and the file is closed when it was read
   * to its end: FUSE and NFS clients rename an open file away before it is replaced. `ESTALE` or
   * `ERR_INDELIBLE_CHANGED`: it was replaced meanwhile.
   */
  readonly asksServer?: boolean;
}

/** A file that the caller writes through its descriptor. Closing removes it, unless it was published. */
export interface OpenTemporary extends OpenResource {
  readonly fd: number;
  /** Whether it has no name until it is published. */
  readonly unnamed: boolean;
}

/** The directory entry that a save of a path would replace or create. */
export interface LocatedTarget {
  readonly directory: OpenDirectory;
  readonly name: Buffer;
}

/**
 * A search for the lowest offset behind all locks of a range. It lies from `low` to `high`; if both are the
 * same, it was found.
 */
export interface TicketSearch {
  readonly low: bigint;
  readonly high: bigint;
}

/**
 * A queue of locks on single bytes of an open directory or lock file, far beyond its content. Closing it
 * releases them. Whoever may read the directory may lock any part of it, in many ranges. A call looks at the
 * locks a few times and then returns, so that the caller can give up.
 */
export interface LockCalls {
  /**
   * Opens the lock file of a directory, whose locks other machines see if the filesystem has such locks. It
   * makes it if it is missing. The error's `path` is that of the lock file.
   */
  openLockFile(directory: OpenDirectory, name: Buffer): Steps<OpenDirectory>;
  /** Whether the name still leads to this lock file. */
  isLockFile(directory: OpenDirectory, name: Buffer, lockFile: OpenDirectory): Steps<boolean>;
  /**
   * Continues a search, and draws a ticket if it ends: a lock behind all others before `end`. Without a
   * `ticket`: try again; if `low` is `end`, no ticket is left.
   */
  drawTicket(
    directory: OpenDirectory,
    search: TicketSearch,
    end: bigint,
  ): Steps<TicketSearch & { readonly ticket?: bigint }>;
  /** A ticket from `begin` on that is before this one; `undefined` if there is none. */
  ahead(directory: OpenDirectory, begin: bigint, ticket: bigint): Steps<bigint | undefined>;
  remove(directory: OpenDirectory, ticket: bigint): Steps<void>;
}

export type EntryKind = 'file' | 'directory' | 'symlink' | 'other';

/** A directory entry. Symbolic links are not followed. */
export interface Entry extends FileIdentity {
  readonly kind: EntryKind | 'missing';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  /** `false` also if that is not visible. */
  readonly mountPoint: boolean;
}

/** A name in a directory, with its kind if the listing tells it. */
export interface ListedEntry {
  readonly name: Buffer;
  readonly kind?: EntryKind;
}

/** Who else may have the files of a filesystem. */
export interface Sharing {
  /** `Decision.local`. */
  readonly local: boolean;
  /** `Decision.updateLock`. */
  readonly updateLock: UpdateLock;
}

/** The plan of a rename operation on a filesystem, and the durability that it achieves. */
export interface FilesystemPlan extends Plan {
  /** `Decision.local`. */
  readonly local: boolean;
  /** One `syncfs` makes a tree of files durable, and reports write errors. */
  readonly syncfs: boolean;
  /** See `PortablePlan.syncsFileAgain`. */
  readonly syncsFileAgain: boolean;
}

/**
 * The file system calls that the procedures in `src/names` make. A name is one component of a path, in an
 * open directory; with a slash at its end, it must be a directory. Errors have `code`, `errno` and `syscall`,
 * as those of Node's `fs`. They have a `path` only if the caller cannot know it. A method is absent if a
 * backend does not support it.
 */
export interface FileSystemCalls {
  readonly name: 'native' | 'portable';

  /** Follows symbolic links, except those that a save would not follow (`EACCES`). */
  openDirectory(path: Buffer): Steps<OpenDirectory>;
  /** Does not follow symbolic links. */
  openSubdirectory(directory: OpenDirectory, name: Buffer): Steps<OpenDirectory>;
  /** Does not throw: nothing was written through this handle. */
  close(directory: OpenDirectory): Steps<void>;
  /** Closes in this order. */
  closeAll(opened: readonly OpenResource[]): Steps<void>;
  /** The directory itself and all above it. */
  ancestors(directory: OpenDirectory): Steps<readonly FileIdentity[]>;
  /** The path without symbolic links. */
  realPath(directory: OpenDirectory): Steps<Buffer>;
  /** The paths of all mount points, without symbolic links; none if the mount table is hidden. */
  mountPoints(): Steps<readonly Buffer[]>;
  /** @param forced replaces a cheaper protocol that is proven. */
  planFor(
    directory: OpenDirectory,
    durability: Durability,
    forced?: Extract<Protocol, 'sync-rename-sync'>,
  ): Steps<FilesystemPlan>;

  sharing(directory: OpenDirectory): Steps<Sharing>;

  /**
   * Follows symbolic links. Throws the error with which a save of the path would reject, except for the file
   * of another user, about which `openFile` decides.
   */
  locate(path: AbsolutePath, makeDirectories: boolean): Steps<LocatedTarget>;
  /** Opens a file for reading, without following a symbolic link. Decides about the file that is open. */
  openFile(directory: OpenDirectory, name: Buffer, request: ReadRequest): Steps<OpenFile>;
  readAll(file: OpenFile): Steps<Buffer>;
  readonly locks?: LockCalls;
  /** For its owner alone, until it is published. */
  createTemporary?(directory: OpenDirectory, plan: FilesystemPlan): Steps<OpenTemporary>;
  /**
   * Copies the next bytes of a file to an empty temporary, by sharing its blocks if the filesystem can do that.
   *
   * @returns how many; 0 at the end of the file.
   */
  copyToTemporary?(file: OpenFile, temporary: OpenTemporary, offset: number): Steps<number>;

  lookUp(directory: OpenDirectory, name: Buffer): Steps<Entry>;
  /**
   * In no particular order.
   *
   * @param prefix the beginning of the names. Default: any.
   * @param most the rest of a longer listing is not read. Default: all entries.
   */
  list(directory: OpenDirectory, prefix?: string, most?: number): Steps<readonly ListedEntry[]>;

  /** Replaces the file at `to`, if rename(2) can. */
  rename(fromDirectory: OpenDirectory, from: Buffer, toDirectory: OpenDirectory, to: Buffer): Steps<void>;
  /** Fails with `EEXIST` if `to` exists. */
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
  /**
   * Removes entries that are not directories. A missing entry is not an error. The error's `path` tells which
   * entry failed.
   */
  unlinkAll(directory: OpenDirectory, names: readonly Buffer[]): Steps<void>;
  /** The umask applies to `mode`. */
  makeDirectory(directory: OpenDirectory, name: Buffer, mode: number): Steps<void>;
  removeDirectory(directory: OpenDirectory, name: Buffer): Steps<void>;

  /** @returns whether its names are on stable storage; `false` if this directory cannot be synced. */
  syncDirectory(directory: OpenDirectory): Steps<boolean>;
  /**
   * Syncs the content of those entries that are files. Anything else becomes durable with its name. The
   * error's `path` tells which entry failed.
   *
   * @returns whether all files were synced: on Windows, plain `fs` cannot sync a read-only file.
   */
  syncFiles(directory: OpenDirectory, names: readonly Buffer[]): Steps<boolean>;
  /** Syncs all dirty data of the filesystem. */
  syncFilesystem?(directory: OpenDirectory): Steps<void>;
  /** Called after the directory's sync, for `FilesystemPlan.syncsFileAgain`. */
  commitLog?(directory: OpenDirectory): Steps<void>;

  /** Removes a file if no process has it open for writing. `'unknown'`: that cannot be told. */
  removeUnlessOpen?(directory: OpenDirectory, name: Buffer): Steps<'removed' | 'open' | 'unknown'>;
}
