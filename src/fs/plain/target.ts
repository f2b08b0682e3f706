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

/** As many as the kernel follows (MAXSYMLINKS, include/linux/namei.h). */
const MOST_LINKS = 40;

/** Where the file will stand, behind every symbolic link that is followed, and what stands there now. */
export interface Target {
  readonly path: Buffer;
  readonly occupied: boolean;
  /** The regular file to be replaced. Not set for a symbolic link that is replaced itself. */
  readonly replaced: Stats | undefined;
}

/** What of a request its target depends on. */
type Asked = Pick<SaveParameters, 'path' | 'ifExists' | 'followSymlinks'>;

/** Finds the target of a save, and refuses what must not be replaced. Nothing is opened, so nothing can block. */
export function* locateTarget({ path: asked, ifExists, followSymlinks }: Asked): Steps<Target> {
  let path = bytesOfPath(asked);
  if (path.length === 0) throw refusal('ENOENT', 'open', asked);
  for (let links = 0; links <= MOST_LINKS; links += 1) {
    if (namesDirectory(path)) throw yield* directoryRefusal(path, asked, ifExists);
    const existing = yield* lstatIfThere(path);
    if (existing === undefined) return { path, occupied: false, replaced: undefined };
    if (ifExists === 'fail') throw refusal('EEXIST', 'open', asked);
    if (!existing.isSymbolicLink()) {
      refuseUnlessFile(existing, asked);
      return { path, occupied: true, replaced: existing };
    }
    if (!followSymlinks) return { path, occupied: true, replaced: undefined };
    yield* checkMayFollow(path, asked);
    path = linkTarget(path, yield* readlink(path));
  }
  throw refusal('ELOOP', 'open', asked);
}

/** What stands there by now, refused as `locateTarget` does. */
export function* lookAgain({ path: asked, ifExists }: SaveParameters, { path }: Target): Steps<Target> {
  const existing = yield* lstatIfThere(path);
  if (existing === undefined) return { path, occupied: false, replaced: undefined };
  if (ifExists === 'fail') throw refusal('EEXIST', 'open', asked);
  if (existing.isSymbolicLink()) return { path, occupied: true, replaced: undefined };
  refuseUnlessFile(existing, asked);
  return { path, occupied: true, replaced: existing };
}

/** What a path that can only name a directory is refused with: the errors of open(2) with `O_CREAT`. */
function* directoryRefusal(
  path: Buffer,
  asked: AbsolutePath,
  ifExists: SaveParameters['ifExists'],
): Steps<unknown> {
  try {
    yield* stat(path);
    return refusal(ifExists === 'fail' ? 'EEXIST' : 'EISDIR', 'open', asked);
  } catch (error) {
    if (!failedWith(error, 'ENOENT')) return toSaveError(error, { path: asked, syscall: 'open' });
  }
  try {
    yield* stat(parentOf(path));
  } catch (error) {
    return toSaveError(error, { path: asked, syscall: 'open' });
  }
  // `missing/` is refused as the directory it would have to become, `missing/.` for what is missing.
  const named = withoutTrailingSeparators(path);
  return refusal(namesDirectory(named) ? 'ENOENT' : 'EISDIR', 'open', asked);
}

/** Also `undefined` where a parent is missing or not a directory: opening the directory will say which. */
function* lstatIfThere(path: Buffer): Steps<Stats | undefined> {
  try {
    return yield* lstat(path);
  } catch (error) {
    if (failedWith(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/**
 * Lets the kernel follow the link once, so that its policy for links in directories that everybody may write
 * (`fs.protected_symlinks`, proc(5)) holds, which reading the link would get round, and so that a link that only the
 * kernel can follow (`/dev/stdout`) is judged by what it leads to.
 */
function* checkMayFollow(link: Buffer, asked: AbsolutePath): Steps<void> {
  let end: Stats;
  try {
    end = yield* stat(link);
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return;
    throw toSaveError(error, { path: asked, syscall: 'open' });
  }
  refuseUnlessFile(end, asked);
}

function refuseUnlessFile(existing: Stats, asked: AbsolutePath): void {
  if (existing.isFile()) return;
  if (existing.isDirectory()) throw refusal('EISDIR', 'open', asked);
  throw indelibleError(
    'ERR_INDELIBLE_NOT_A_FILE',
    `Not a regular file, and nothing else is replaced: '${asked}'`,
    {
      syscall: 'open',
      path: asked,
    },
  );
}
