import { type BigIntStats, constants, type Stats } from 'node:fs';
import { indelibleError } from '../../base/errors.js';
import { failedCall, failedWith, HINTS, refusal, toSaveError } from '../../base/fs-error.js';
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
import { access, lstat, lstatExactly, readlink, stat, statExactly } from './plain-fs.js';
import type { PreservedAttributes } from './rights.js';
import {
  isForeign,
  MAX_SYMLINKS,
  modeToPreserve,
  refuseForeignFile,
  refuseForeignLink,
  refuseForeignLinks,
} from './shared-directory.js';

/** How often another program may replace the file at the end of a link while the link is followed. */
const MAX_ATTEMPTS = 10;

/** The path of the new file, behind all symbolic links that are followed, and the file there now. */
export interface Target {
  readonly path: Buffer;
  readonly occupied: boolean;
  /**
   * The attributes of the regular file to replace; `undefined` for a symbolic link that is itself replaced,
   * and for the file of another user in a sticky directory that others may write.
   */
  readonly replaced: PreservedAttributes | undefined;
}

/** The part of a request that determines its target. */
interface TargetRequest extends Pick<SaveParameters, 'path' | 'ifExists' | 'followSymlinks'> {
  /** With a user, the file of another user may be replaced. */
  readonly owner?: SaveParameters['owner'];
  /** The caller decides about the owner of the file. */
  readonly anyOwner?: boolean;
  readonly onlyIfWritable?: boolean;
}

/** A target, and, if a link was followed, what is there, and what the kernel finds at the end of the first link. */
interface FollowedTarget extends Target {
  readonly found?: BigIntStats | undefined;
  readonly end: BigIntStats | 'missing' | undefined;
}

/**
 * Finds the target of a save, and refuses one that must not be replaced. Opens nothing, so never blocks.
 *
 * @throws `EACCES` for a link or file of another user in a sticky directory that others may write; `ELOOP` for
 *   a link that the kernel follows to another file than its text leads to.
 */
export function* locateTarget(request: TargetRequest): Steps<Target> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const target = yield* followLinks(request);
    if (hasLedToEnd(target)) return target;
  }
  // As openat2(2) refuses links that only the kernel can follow (RESOLVE_NO_MAGICLINKS).
  throw refusal('ELOOP', 'open', request.path, undefined, HINTS['wrong-target']);
}

function* followLinks(request: TargetRequest): Steps<FollowedTarget> {
  const { path: requested, ifExists, followSymlinks } = request;
  let path = bytesOfPath(requested);
  if (path.length === 0) throw refusal('ENOENT', 'open', requested);
  let end: FollowedTarget['end'];
  for (let links = 0; links <= MAX_SYMLINKS; links += 1) {
    if (namesDirectory(path)) throw yield* directoryRefusal(path, requested, ifExists);
    yield* refuseForeignLinks(parentOf(path));
    const existing = yield* ifThere(lstat(path));
    if (existing?.isSymbolicLink() !== true || ifExists === 'fail' || !followSymlinks) {
      const found = existing && end && (yield* ifThere(lstatExactly(path)));
      return { ...(yield* targetAt(path, existing, request)), found, end };
    }
    yield* refuseForeignLink(path, existing);
    end ??= yield* endOfLink(path, requested);
    path = linkTarget(path, yield* readlink(path));
  }
  throw refusal('ELOOP', 'open', requested);
}

/** Whether the texts of the links have led to the file that the kernel finds. */
function hasLedToEnd({ found, end }: FollowedTarget): boolean {
  if (end === undefined) return true;
  if (end === 'missing' || found === undefined) return end === 'missing' && found === undefined;
  return end.dev === found.dev && end.ino === found.ino;
}

/** Checks again which file exists at the target, with the errors of `locateTarget`. */
export function* locateAgain(request: SaveParameters, { path }: Target): Steps<Target> {
  return yield* targetAt(path, yield* ifThere(lstat(path)), request);
}

function* targetAt(
  path: Buffer,
  existing: Stats | undefined,
  { path: requested, ifExists, owner, anyOwner = owner?.uid !== undefined, onlyIfWritable }: TargetRequest,
): Steps<Target> {
  if (existing === undefined) return { path, occupied: false, replaced: undefined };
  if (ifExists === 'fail') throw refusal('EEXIST', 'open', requested);
  if (existing.isSymbolicLink()) return { path, occupied: true, replaced: undefined };
  refuseUnlessFile(existing, requested);
  if (!anyOwner) yield* refuseForeignFile(path, existing);
  else if (yield* isForeign(path, existing)) return { path, occupied: true, replaced: undefined };
  if (onlyIfWritable === true) yield* checkWritable(path);
  const { uid, gid } = existing;
  return { path, occupied: true, replaced: { mode: yield* modeToPreserve(path, existing), uid, gid } };
}

/** For the real user of the process: plain `fs` does not ask for the effective one. */
function* checkWritable(path: Buffer): Steps<void> {
  try {
    yield* access(path, constants.W_OK);
  } catch (error) {
    // EPERM on Windows, and on Linux for an immutable file.
    for (const code of ['EACCES', 'EPERM'] as const) {
      if (failedWith(error, code)) throw failedCall(code, 'open');
    }
  }
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
function* ifThere<T>(look: Steps<T>): Steps<T | undefined> {
  try {
    return yield* look;
  } catch (error) {
    if (failedWith(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/**
 * Lets the kernel follow the links once. A link that only the kernel can follow (`/dev/stdout`) is recognised
 * by its real target.
 */
function* endOfLink(link: Buffer, requested: AbsolutePath): Steps<BigIntStats | 'missing'> {
  try {
    const end = yield* statExactly(link);
    refuseUnlessFile(end, requested);
    return end;
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return 'missing';
    throw toSaveError(error, { path: requested, syscall: 'open' });
  }
}

export function refuseUnlessFile(
  existing: Pick<Stats, 'isFile' | 'isDirectory'>,
  requested: AbsolutePath,
): void {
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
