import { failedCall, HINTS } from '../../base/fs-error.js';
import { inDirectory, parentOf } from '../../base/path-bytes.js';
import type { Steps } from '../steps.js';
import { lstat, readlink, realpath, stat, statfs } from './plain-fs.js';
import { isAmbiguous } from './rights.js';

// The policy of native/save/links.h. Plain `fs` judges a path, so it cannot be sure to judge the file that a
// later call finds there. In a sticky directory only another user's own files can be exchanged in between, or
// files of the directory's owner by that owner.

/** S_ISVTX, and S_IWGRP with S_IWOTH (inode(7)). */
const STICKY = 0o1000;
const OTHERS_MAY_WRITE = 0o022;
const SET_IDS = 0o6000;

/** The kernel's limit (MAXSYMLINKS, include/linux/namei.h). */
export const MAX_SYMLINKS = 40;

/** PROC_SUPER_MAGIC (statfs(2)). */
const PROCFS = 0x9fa0;

const SLASH = 0x2f;
const ROOT = Buffer.from('/');

/** The properties of an entry that the policy needs. */
interface Owned {
  readonly uid: number | bigint;
  readonly nlink: number | bigint;
  isSymbolicLink(): boolean;
}

/**
 * Whether the entry at a path is in a sticky directory that others may write, and belongs neither to this
 * user nor to the owner of the directory; or is a link with several names there.
 */
export function* isForeign(path: Buffer, entry: Owned): Steps<boolean> {
  const user = effectiveUser();
  if (user === undefined) return false;
  const hasSeveralNames = entry.isSymbolicLink() && entry.nlink > 1;
  const uid = Number(entry.uid);
  const isUnknown = isAmbiguous('uid', uid);
  if (uid === user && !isUnknown && !hasSeveralNames) return false;
  const directory = yield* stat(parentOf(path));
  const isTrusted = (uid === user || uid === directory.uid) && !isUnknown && !hasSeveralNames;
  return isShared(directory.mode) && !isTrusted;
}

/** @throws `EACCES` for a symbolic link that is not followed. */
export function* refuseForeignLink(path: Buffer, entry: Owned): Steps<void> {
  if (yield* isForeign(path, entry)) throw failedCall('EACCES', 'open', HINTS['foreign-link']);
}

/** @throws `EACCES` for a file that is not replaced. */
export function* refuseForeignFile(path: Buffer, entry: Owned): Steps<void> {
  if (yield* isForeign(path, entry)) throw failedCall('EACCES', 'open', HINTS['foreign-file']);
}

/**
 * The mode that a new version takes over. Another user may have given a file a second name in a shared
 * directory (`fs.protected_hardlinks`). The new content must not run with the rights that the old content has
 * elsewhere.
 */
export function* modeToPreserve(path: Buffer, entry: { mode: number; nlink: number }): Steps<number> {
  if (entry.nlink === 1 || (entry.mode & SET_IDS) === 0) return entry.mode;
  return isShared((yield* stat(parentOf(path))).mode) ? entry.mode & ~SET_IDS : entry.mode;
}

/**
 * Checks every symbolic link on the way to a path, the last component included.
 *
 * @throws `EACCES` if one of them is not followed. A path that cannot be followed for another reason passes:
 *   the call that opens it reports that.
 */
export function* refuseForeignLinks(path: Buffer): Steps<void> {
  if (effectiveUser() === undefined) return;
  try {
    if (path.equals(Buffer.from(yield* realpath(path)))) return;
  } catch {
    // Part of the path is missing, or may not be seen.
  }
  const components = componentsOf(path);
  let at: Buffer = ROOT;
  for (let links = 0; links <= MAX_SYMLINKS; ) {
    const name = components.pop();
    if (name === undefined) return;
    const next = inDirectory(at, name);
    const text = yield* textOfLink(next);
    if (text === 'missing') return;
    if (text === undefined) {
      at = next;
      continue;
    }
    links += 1;
    components.push(...componentsOf(text));
    if (text[0] === SLASH) at = ROOT;
  }
}

/**
 * @returns the text of a link; `undefined` for any other entry, and for a link that only the kernel can
 *   follow; `'missing'` for a path that leads nowhere.
 */
function* textOfLink(path: Buffer): Steps<Buffer | undefined | 'missing'> {
  const entry = yield* lstatIfPossible(path);
  if (entry === undefined) return 'missing';
  if (!entry.isSymbolicLink()) return undefined;
  yield* refuseForeignLink(path, entry);
  try {
    if (process.platform === 'linux' && (yield* statfs(parentOf(path))).type === PROCFS) return undefined;
    return yield* readlink(path);
  } catch {
    return 'missing';
  }
}

function* lstatIfPossible(path: Buffer) {
  try {
    return yield* lstat(path);
  } catch {
    return undefined;
  }
}

/** The last component is the first of the array. */
function componentsOf(path: Buffer): Buffer[] {
  const components: Buffer[] = [];
  for (let end = path.length; end > 0; ) {
    const begin = path.lastIndexOf(SLASH, end - 1) + 1;
    const component = path.subarray(begin, end);
    if (component.length > 0 && !component.equals(Buffer.from('.'))) components.push(component);
    end = begin - 1;
  }
  return components;
}

function isShared(mode: number): boolean {
  return (mode & STICKY) !== 0 && (mode & OTHERS_MAY_WRITE) !== 0;
}

/** `undefined` where users have no numbers, and in a sandbox that does not tell the user. */
function effectiveUser(): number | undefined {
  try {
    return process.geteuid?.();
  } catch {
    return undefined;
  }
}
