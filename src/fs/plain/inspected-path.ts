import { readFileSync, readlinkSync, type Stats } from 'node:fs';
import { isError } from '../../base/errors.js';
import { failedCall, toSaveError } from '../../base/fs-error.js';
import { linkTarget, parentOf } from '../../base/path-bytes.js';
import type { InspectedPath } from '../../filesystem/filesystem.js';
import type { Steps } from '../steps.js';
import { close, fstat, lstat, open, readlink, stat } from './plain-fs.js';
import { refuseForeignLinks } from './shared-directory.js';

/** Opens a file only to identify it: needs no rights to it, and does not open a FIFO or device (open(2)). */
const O_PATH = 0o10000000;

/**
 * Finds the file or directory at a path, and follows symbolic links. If the path does not exist, finds its
 * nearest existing parent; for a dangling link, that of the link's target.
 *
 * Throws the errors of `fs.open` if the path cannot be followed (`EACCES`, `ENOTDIR`, `ELOOP`).
 */
export function* findInspectedPath(path: Buffer): Steps<InspectedPath> {
  try {
    yield* refuseForeignLinks(path);
  } catch (error) {
    throw toSaveError(error, { path });
  }
  let current = path;
  let isParent = false;
  for (;;) {
    let found: InspectedPath;
    try {
      found = yield* inspectExisting(current);
    } catch (error) {
      // An empty path is not below the working directory.
      if (!isMissing(error) || current.length === 0) throw error;
      const target = yield* danglingTarget(current);
      isParent = target === undefined;
      const next = target ?? parentOf(current);
      if (next.equals(current)) throw error;
      current = next;
      continue;
    }
    // Windows reports what is below a file as missing (ERROR_PATH_NOT_FOUND).
    if (isParent && !found.isDirectory) throw failedCall('ENOTDIR', 'open');
    return found;
  }
}

function* inspectExisting(path: Buffer): Steps<InspectedPath> {
  return process.platform === 'linux' ? yield* identify(path) : inspectedOf(path, yield* stat(path));
}

function* identify(path: Buffer): Steps<InspectedPath> {
  const descriptor = yield* open(path, O_PATH);
  try {
    const inspected = inspectedOf(path, yield* fstat(descriptor));
    return { ...inspected, ...readDescriptor(descriptor, inspected) };
  } finally {
    yield* close(descriptor);
  }
}

/** `/proc` tells the mount and the real path of an open file. If it is hidden, returns `inspected`. */
function readDescriptor(
  descriptor: number,
  inspected: InspectedPath,
): Pick<InspectedPath, 'path' | 'mountId'> {
  try {
    const [, mountId] =
      /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1')) ?? [];
    return {
      path: readlinkSync(`/proc/self/fd/${descriptor}`),
      mountId: mountId === undefined ? undefined : Number(mountId),
    };
  } catch {
    return inspected;
  }
}

function inspectedOf(path: Buffer, stats: Stats): InspectedPath {
  // makedev(3): major is in bits 8 to 19 and 44 to 63, minor in bits 0 to 7 and 20 to 43.
  const device = BigInt(stats.dev);
  return {
    directory: path,
    path: path.toString(),
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn)),
    minor: Number((device & 0xffn) | ((device >> 12n) & ~0xffn & 0xffff_ffffn)),
    mountId: undefined,
    isDirectory: stats.isDirectory(),
  };
}

function* danglingTarget(path: Buffer): Steps<Buffer | undefined> {
  try {
    const stats = yield* lstat(path);
    return stats.isSymbolicLink() ? linkTarget(path, yield* readlink(path)) : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return isError(error) && 'code' in error && error.code === 'ENOENT';
}
