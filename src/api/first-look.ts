import { isAbsolute, sep } from 'node:path';
import { now, runSoon } from '../base/clock.js';
import { sweepsByEnvironment } from '../base/options.js';
import type { AbsolutePath } from '../base/path.js';
import { requirePermission } from '../base/permission.js';
import type { Saved, SaveParameters } from '../base/save-request.js';
import { shared } from '../base/shared-state.js';
import { selectEngine } from '../engine/select.js';
import { run } from '../fs/steps.js';
import { ownerPart, parseTemporaryName, TEMPORARY_PREFIX } from '../fs/temporary-name.js';
import { removeTemporaries } from './sweep.js';

// After the first save to a directory, this thread looks there once for what killed programs have left. A save
// waits for none of it.

/** In a program that saves to more directories, the others are not looked at. */
const MOST_DIRECTORIES = 1024;

/**
 * The rest of a larger directory is not read. Few have more entries, and so many are read in less time than a
 * save to a disk takes.
 */
const MOST_ENTRIES = 1000;

/** A look keeps the process alive no longer than this after the save, and one system call. */
const LONGEST_MS = 1000;

/** The paths of saves that have just succeeded. */
const justSaved: AbsolutePath[] = [];

/**
 * Whether nobody has looked yet where this path is.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for a wrong `INDELIBLE_SWEEP`.
 */
export function isLookDue(path: AbsolutePath): boolean {
  const { lookedAt, pathsLookedAt } = shared;
  const text = textOf(path);
  // The text of a directory would be made anew for each save.
  if (pathsLookedAt.has(text)) return false;
  const directory = directoryOf(text);
  // A relative path may lead elsewhere later.
  const known = lookedAt.has(directory) || lookedAt.size >= MOST_DIRECTORIES || !isAbsolute(text);
  if (!known && sweepsByEnvironment()) return true;
  if (pathsLookedAt.size >= MOST_DIRECTORIES) pathsLookedAt.clear();
  pathsLookedAt.add(text);
  return false;
}

/**
 * Looks where the save was made, later and in the background, if that is due.
 *
 * @returns the result of the save.
 */
export function lookAfter({ path, sweep }: SaveParameters, saved: Saved): Saved {
  if (sweep && justSaved.push(path) === 1) runSoon(lookAtAll);
  return saved;
}

function lookAtAll(): void {
  const until = now() + LONGEST_MS;
  const { lookedAt, lookSlot } = shared;
  for (const path of justSaved.splice(0)) {
    const directory = directoryOf(textOf(path));
    // Saves that were called together have all found it due.
    if (lookedAt.has(directory) || lookedAt.size >= MOST_DIRECTORIES) continue;
    lookedAt.add(directory);
    // One at a time: each holds descriptors. What is not removed stays for `sweep`, which reports errors.
    lookSlot.run(() => look(path, until)).catch(() => undefined);
  }
}

/**
 * Looks where a save of the path puts its temporary: in the directory to which the links in the path lead. Old
 * trees stay, since to remove one may take long.
 */
async function look(path: AbsolutePath, until: number): Promise<void> {
  const user = process.geteuid?.();
  // Only on Windows, where plain `fs` sees no owners, the rules of `sweep` have to be enough.
  if ((user === undefined && process.platform !== 'win32') || now() > until) return;
  const { calls } = selectEngine();
  const { directory } = await run(calls.locate(path, false));
  try {
    requirePermission('fs.read', directory.path);
    requirePermission('fs.write', directory.path);
    const listed = await run(calls.list(directory, TEMPORARY_PREFIX, MOST_ENTRIES));
    const own = ownerPart();
    const names = listed
      .map(({ name }) => name.toString())
      .filter((name) => parseTemporaryName(name) !== undefined && !name.includes(own));
    if (names.length > 0) await removeTemporaries(directory, names, { user, until });
  } finally {
    await run(calls.close(directory));
  }
}

/** Latin-1 maps every byte to one character. */
function textOf(path: AbsolutePath): string {
  return typeof path === 'string' ? path : path.toString('latin1');
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf(sep));
}
