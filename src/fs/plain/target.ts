import type { Stats } from 'node:fs';
import { indelibleError } from '../../base/errors.js';
import { failedWith, refusal, toSaveError } from '../../base/fs-error.js';
import type { AbsolutePath } from '../../base/path.js';
import {
  bytesOfPath,
  linkTarget,
  namesDirectory,
  parentOf,
  withoutTrailingSeparators,
} from '../../base/path-bytes.js';
import type { SaveParameters } from '../../base/save-request.js';
import type { Steps } from '../steps.js';
import { lstat, readlink, stat } from './plain-fs.js';

/** The kernel's limit (MAXSYMLINKS, include/linux/namei.h). */
const MAX_SYMLINKS = 40;

/** The path of the new file, behind all symbolic links that are followed, and the file there now. */
export interface Target {
  readonly path: Buffer;
  readonly occupied: boolean;
  /** The regular file to replace; `undefined` for a symbolic link that is itself replaced. */
  readonly replaced: Stats | undefined;
}

/** The part of a request that determines its target. */
type TargetRequest = Pick<SaveParameters, 'path' | 'ifExists' | 'followSymlinks'>;

/** Finds the target of a save, and refuses one that must not be replaced. Opens nothing, so never blocks. */
export function* locateTarget({ path: requested, ifExists, followSymlinks }: TargetRequest): Steps<Target> {
  let path = bytesOfPath(requested);
  if (path.length === 0) throw refusal('ENOENT', 'open', requested);
  for (let links = 0; links <= MAX_SYMLINKS; links += 1) {
    if (namesDirectory(path)) throw yield* directoryRefusal(path, requested, ifExists);
    const existing = yield* lstatIfThere(path);
    if (existing === undefined) return { path, occupied: false, replaced: undefined };
    if (ifExists === 'fail') throw refusal('EEXIST', 'open', requested);
    if (!existing.isSymbolicLink()) {
      refuseUnlessFile(existing, requested);
      return { path, occupied: true, replaced: existing };
    }
    if (!followSymlinks) return { path, occupied: true, replaced: undefined };
    yield* checkMayFollow(path, requested);
    path = linkTarget(path, yield* readlink(path));
  }
  throw refusal('ELOOP', 'open', requested);
}

/** Checks again which file exists at the target, with the errors of `locateTarget`. */
export function* locateAgain({ path: requested, ifExists }: SaveParameters, { path }: Target): Steps<Target> {
  const existing = yield* lstatIfThere(path);
  if (existing === undefined) return { path, occupied: false, replaced: undefined };
  if (ifExists === 'fail') throw refusal('EEXIST', 'open', requested);
  if (existing.isSymbolicLink()) return { path, occupied: true, replaced: undefined };
  refuseUnlessFile(existing, requested);
  return { path, occupied: true, replaced: existing };
}

/** The error for a path that can only name a directory, as open(2) with `O_CREAT` gives it. */
function* directoryRefusal(
  path: Buffer,
  requested: AbsolutePath,
  ifExists: SaveParameters['ifExists'],
): Steps<unknown> {
  try {
    yield* stat(path);
    return refusal(ifExists === 'fail' ? 'EEXIST' : 'EISDIR', 'open', requested);
  } catch (error) {
    if (!failedWith(error, 'ENOENT')) return toSaveError(error, { path: requested, syscall: 'open' });
  }
  try {
    yield* stat(parentOf(path));
  } catch (error) {
    return toSaveError(error, { path: requested, syscall: 'open' });
  }
  // `missing/` would have to become a directory (EISDIR). In `missing/.`, the directory `missing` does not
  // exist (ENOENT).
  const named = withoutTrailingSeparators(path);
  return refusal(namesDirectory(named) ? 'ENOENT' : 'EISDIR', 'open', requested);
}

/** Also `undefined` if a parent is missing or not a directory: opening the directory gives the error. */
function* lstatIfThere(path: Buffer): Steps<Stats | undefined> {
  try {
    return yield* lstat(path);
  } catch (error) {
    if (failedWith(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/**
 * Lets the kernel follow the link once, for two reasons. The kernel's policy for links in world-writable
 * sticky directories (`fs.protected_symlinks`, proc(5)) applies, which reading the link would bypass. And a
 * link that only the kernel can follow (`/dev/stdout`) is checked by its real target.
 */
function* checkMayFollow(link: Buffer, requested: AbsolutePath): Steps<void> {
  let end: Stats;
  try {
    end = yield* stat(link);
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return;
    throw toSaveError(error, { path: requested, syscall: 'open' });
  }
  refuseUnlessFile(end, requested);
}

function refuseUnlessFile(existing: Stats, requested: AbsolutePath): void {
  if (existing.isFile()) return;
  if (existing.isDirectory()) throw refusal('EISDIR', 'open', requested);
  throw indelibleError(
    'ERR_INDELIBLE_NOT_A_FILE',
    `Not a regular file; only regular files are replaced: '${requested}'`,
    {
      syscall: 'open',
      path: requested,
    },
  );
}
