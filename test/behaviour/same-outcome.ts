import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';

/** One call, and what is there before. */
export interface Situation {
  /** Completes "does the same as PACKAGE". */
  what: string;
  umask?: number;
  /** @param at the path of a name in the directory of the call. */
  prepare?(at: (name: string) => string): void;
}

/** Calls that are compared must not depend on the umask of the process. */
const USUAL_UMASK = 0o022;

/** What a call did: how it ended, and what is in its directory. */
interface Outcome {
  end: unknown;
  files: Record<string, unknown>;
}

/** Makes the same call with the original and with its drop-in, each in a directory of its own. */
export async function assertSameOutcome<Library>(
  directory: string,
  original: Library,
  dropIn: Library,
  situation: Situation,
  call: (library: Library, at: (name: string) => string) => unknown,
): Promise<void> {
  const expected = await outcomeOf(directory, original, situation, call);
  assert.deepEqual(await outcomeOf(directory, dropIn, situation, call), expected);
}

/** Each call finds the same paths, so that they may be in the outcome. */
export async function outcomeOf<Library>(
  parent: string,
  library: Library,
  { umask, prepare }: Situation,
  call: (library: Library, at: (name: string) => string) => unknown,
): Promise<Outcome> {
  const directory = join(parent, 'compared');
  const at = (name: string): string => join(directory, name);
  mkdirSync(directory, { mode: 0o777 });
  const before = process.umask(USUAL_UMASK);
  try {
    prepare?.(at);
    process.umask(umask ?? USUAL_UMASK);
    const end = await endOf(() => call(library, at));
    return { end, files: filesIn(directory) };
  } finally {
    process.umask(before);
    // Node.js 26 may leave the directory, without an error, while the library removes a temporary in it.
    while (existsSync(directory)) rmSync(directory, { recursive: true, force: true });
  }
}

async function endOf(call: () => unknown): Promise<unknown> {
  try {
    return { result: await call() };
  } catch (error) {
    return { error: nameOf(error) };
  }
}

/** Texts of errors differ. */
export function nameOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  return 'code' in error ? error.code : error.name;
}

/**
 * Temporaries of the originals: atomically removes one after the call has failed, and does not wait for that; steno
 * leaves one where the data fails.
 */
const TEMPORARY = /\.tmp-\d{10}[\da-f]{6}$|^\.file\.tmp$/;

function filesIn(directory: string): Record<string, unknown> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort();
  const others = names.filter((name) => !TEMPORARY.test(name));
  return Object.fromEntries(others.map((name) => [name, fileAt(join(directory, name))]));
}

function fileAt(path: string): unknown {
  const stats = lstatSync(path);
  if (stats.isSymbolicLink()) return { link: readlinkSync(path) };
  const { mode, uid, gid } = stats;
  // Its owner has to be able to read it.
  if ((mode & 0o400) === 0) chmodSync(path, 0o600);
  return {
    mode: mode.toString(8),
    uid,
    gid,
    ...(stats.isFile() && { content: readFileSync(path, 'latin1') }),
  };
}
