import { constants } from 'node:fs';
import { isError } from '../../base/errors.js';
import { failedWith } from '../../base/fs-error.js';
import type { Durability } from '../../base/options.js';
import type { AbsolutePath } from '../../base/path.js';
import { inDirectory, nameOf, parentOf } from '../../base/path-bytes.js';
import { modifiedError } from '../../base/save-errors.js';
import { thisMachine } from '../../filesystem/machine.js';
import { readMounts } from '../../filesystem/mounts.js';
import {
  type Entry,
  type FileIdentity,
  type FileSystemCalls,
  type FilesystemPlan,
  type ListedEntry,
  type LocatedTarget,
  NO_MOUNT_ID,
  type OpenDirectory,
  type OpenFile,
  type OpenResource,
  type ReadRequest,
  type Sharing,
} from '../file-system-calls.js';

import type { Steps } from '../steps.js';
import { Directory } from './directory.js';
import * as fs from './plain-fs.js';
import { openToRead, openToSync } from './plain-fs.js';
import { planFor } from './plan.js';
import { retryWhileBusy } from './retry-while-busy.js';
import { refuseForeignFile, refuseForeignLinks } from './shared-directory.js';
import { locateTarget, refuseUnlessFile } from './target.js';
import { commitLog } from './temporary.js';
import { syncUnsyncedAbove } from './unsynced-directories.js';

const MODE_BITS = 0o7777;
const NOT_OPEN = -1;
// Missing on Windows.
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
const NOTHING = Buffer.alloc(0);

/** The number of bytes by which the buffer grows if the file is longer than its reported size. */
const GROWTH = 65_536;

/**
 * The backend on plain `fs`. Each call looks up the whole path, so no parent directory may be renamed
 * meanwhile. It has no exchange, no exclusive rename, no `syncfs` and no locks, and sees mounts only in the
 * mount table.
 */
export const plainCalls: FileSystemCalls = {
  name: 'portable',

  openDirectory,

  *openSubdirectory(directory: OpenDirectory, name: Buffer): Steps<OpenDirectory> {
    return yield* identified(yield* Directory.open(inDirectory(directory.path, name), NO_FOLLOW));
  },

  *close(directory: OpenDirectory): Steps<void> {
    yield* opened(directory).close();
  },

  *ancestors(directory: OpenDirectory): Steps<readonly FileIdentity[]> {
    const found: FileIdentity[] = [];
    for (let path = directory.path; ; path = inDirectory(path, '..')) {
      const identity = identityOf(yield* fs.statExactly(path));
      // The root is its own parent.
      if (found.at(-1)?.inode === identity.inode && found.at(-1)?.minor === identity.minor) return found;
      found.push(identity);
    }
  },

  *realPath({ path }: OpenDirectory): Steps<Buffer> {
    return Buffer.from(yield* fs.realpath(path));
  },

  *mountPoints(): Steps<readonly Buffer[]> {
    return (readMounts(thisMachine) ?? []).map(({ point }) => Buffer.from(point));
  },

  *planFor({ path }: OpenDirectory, durability: Durability): Steps<FilesystemPlan> {
    return { ...(yield* planFor(path, durability)), syncfs: false };
  },

  *sharing({ path }: OpenDirectory): Steps<Sharing> {
    const { local } = yield* planFor(path, 'none');
    // It has no locks.
    return { local, updateLock: 'none' };
  },

  *locate(path: AbsolutePath, makeDirectories: boolean): Steps<LocatedTarget> {
    const target = yield* locateTarget({ path, ifExists: 'replace', followSymlinks: true, anyOwner: true });
    const parent = parentOf(target.path);
    const name = nameOf(target.path);
    try {
      return { directory: yield* openDirectory(parent), name };
    } catch (error) {
      // The save will create it.
      if (!makeDirectories || !failedWith(error, 'ENOENT')) throw error;
      return { directory: { ...MISSING, handle: NOT_OPEN, path: parent, syncable: false }, name };
    }
  },

  *openFile(directory: OpenDirectory, name: Buffer, request: ReadRequest): Steps<OpenFile> {
    const path = inDirectory(directory.path, name);
    const handle = yield* openToRead(path);
    try {
      const version = yield* fs.fstatExactly(handle);
      // What was located may have been replaced meanwhile.
      refuseUnlessFile(version, request.path);
      if (!request.anyOwner) yield* refuseForeignFile(path, version);
      const file = { handle, size: Number(version.size), content: NOTHING, version };
      if (request.asksServer !== true) return file;
      // Plain `fs` cannot ask, but after a read a FUSE client does not know the time of access and asks.
      const content = yield* readAll(file);
      const read = yield* fs.fstatExactly(handle);
      if (read.size !== version.size || read.mtimeNs !== version.mtimeNs) {
        throw modifiedError(request.path);
      }
      yield* fs.closeIgnoringErrors(handle);
      return { handle: NOT_OPEN, size: content.length, content, version: read };
    } catch (error) {
      yield* this.closeAll([{ handle }]);
      throw error;
    }
  },

  *readAll(file: OpenFile): Steps<Buffer> {
    return file.handle === NOT_OPEN ? file.content : yield* readAll(file);
  },

  *closeAll(opened: readonly OpenResource[]): Steps<void> {
    for (const { handle } of opened) {
      if (handle !== NOT_OPEN) yield* fs.closeIgnoringErrors(handle);
    }
  },

  *lookUp(directory: OpenDirectory, name: Buffer): Steps<Entry> {
    try {
      return entryOf(yield* fs.lstatExactly(inDirectory(directory.path, name)));
    } catch (error) {
      if (failedWith(error, 'ENOENT')) return MISSING;
      throw error;
    }
  },

  *list({ path }: OpenDirectory, prefix?: string, most?: number): Steps<readonly ListedEntry[]> {
    const names = yield* most === undefined ? fs.readdir(path) : fs.readdirAtMost(path, most);
    const found = prefix === undefined ? names : names.filter((name) => name.indexOf(prefix) === 0);
    return found.map((name) => ({ name }));
  },

  *rename(fromDirectory: OpenDirectory, from: Buffer, toDirectory: OpenDirectory, to: Buffer): Steps<void> {
    yield* retryWhileBusy(() =>
      fs.rename(inDirectory(fromDirectory.path, from), inDirectory(toDirectory.path, to)),
    );
  },

  *link(fromDirectory: OpenDirectory, from: Buffer, toDirectory: OpenDirectory, to: Buffer): Steps<void> {
    yield* fs.link(inDirectory(fromDirectory.path, from), inDirectory(toDirectory.path, to));
  },

  *symlink(text: Buffer, directory: OpenDirectory, name: Buffer): Steps<void> {
    yield* fs.symlink(text, inDirectory(directory.path, name));
  },

  *unlink(directory: OpenDirectory, name: Buffer): Steps<void> {
    yield* retryWhileBusy(() => fs.unlink(inDirectory(directory.path, name)));
  },

  *unlinkAll(directory: OpenDirectory, names: readonly Buffer[]): Steps<void> {
    for (const name of names) {
      try {
        yield* fs.unlink(inDirectory(directory.path, name));
      } catch (error) {
        if (!failedWith(error, 'ENOENT')) throw error;
      }
    }
  },

  *makeDirectory(directory: OpenDirectory, name: Buffer, mode: number): Steps<void> {
    yield* fs.mkdir(inDirectory(directory.path, name), mode);
  },

  *removeDirectory(directory: OpenDirectory, name: Buffer): Steps<void> {
    yield* fs.rmdir(inDirectory(directory.path, name));
  },

  *syncDirectory(directory: OpenDirectory): Steps<boolean> {
    return (yield* opened(directory).sync()) && (yield* syncUnsyncedAbove(directory.path));
  },

  *syncFiles(directory: OpenDirectory, names: readonly Buffer[]): Steps<boolean> {
    let synced = true;
    for (const name of names) {
      const path = inDirectory(directory.path, name);
      if ((yield* this.lookUp(directory, name)).kind !== 'file') continue;
      try {
        synced = (yield* syncFile(path)) && synced;
      } catch (error) {
        throw isError(error) ? Object.assign(error, { path: path.toString() }) : error;
      }
    }
    return synced;
  },

  *commitLog(directory: OpenDirectory): Steps<void> {
    yield* commitLog(directory.path);
  },
};

function* readAll({ handle, size }: OpenFile): Steps<Buffer> {
  // One byte more than its size, so that the end is found without growing the buffer.
  let content = Buffer.allocUnsafeSlow(size + 1);
  for (let read = 0; ; ) {
    const got = yield* fs.read(handle, content, read);
    if (got === 0) return content.subarray(0, read);
    read += got;
    if (read === content.length) content = Buffer.concat([content], read + GROWTH);
  }
}

function* openDirectory(path: Buffer): Steps<OpenDirectory> {
  yield* refuseForeignLinks(path);
  return yield* identified(yield* Directory.open(path));
}

function* identified(directory: Directory): Steps<OpenDirectory> {
  const { path, descriptor } = directory;
  try {
    const stats = descriptor === undefined ? fs.statExactly(path) : fs.fstatExactly(descriptor);
    const identity = identityOf(yield* stats);
    return { ...identity, handle: directory.descriptor ?? NOT_OPEN, path, syncable: directory.readable };
  } catch (error) {
    yield* directory.close();
    throw error;
  }
}

function opened({ path, handle }: OpenDirectory): Directory {
  return new Directory(path, handle === NOT_OPEN ? undefined : handle);
}

/**
 * @returns `false` if it cannot be synced: on Windows a read-only file, and any file where Node's permission
 * model refuses the sync.
 */
function* syncFile(path: Buffer): Steps<boolean> {
  let descriptor: number;
  try {
    descriptor = yield* openToSync(path);
  } catch (error) {
    if (process.platform === 'win32' && failedWith(error, 'EPERM', 'EACCES')) return false;
    throw error;
  }
  try {
    yield* fs.syncAndClose(descriptor);
    return true;
  } catch (error) {
    if (fs.isDenied(error)) return false;
    throw error;
  }
}

type ExactStats = ReturnType<typeof fs.lstatExactly> extends Steps<infer Stats> ? Stats : never;

/** Here `major` and `minor` are just the two halves of the device number. */
function identityOf({ dev, ino }: ExactStats): FileIdentity {
  return {
    major: Number(BigInt.asUintN(32, dev >> 32n)),
    minor: Number(BigInt.asUintN(32, dev)),
    inode: ino,
    mountId: NO_MOUNT_ID,
  };
}

const MISSING: Entry = {
  ...{ kind: 'missing', mode: 0, uid: 0, gid: 0, links: 0, mountPoint: false },
  ...{ major: 0, minor: 0, inode: 0n, mountId: NO_MOUNT_ID },
};

function entryOf(stats: ExactStats): Entry {
  return {
    ...identityOf(stats),
    kind: kindOf(stats),
    mode: Number(stats.mode) & MODE_BITS,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    links: Number(stats.nlink),
    mountPoint: false,
  };
}

function kindOf(stats: ExactStats): Entry['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'other';
}
