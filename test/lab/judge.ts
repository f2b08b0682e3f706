import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentOf, describeContent, treeOf } from './content.js';
import type { History, Keeping, Version } from './history.js';
import { BALLAST_FILE, EARLIER_FILE, LOCK_FILE, STAGING, UNRELATED_FILE } from './scenario.js';

/**
 * What can be wrong with a crash state, worst first.
 * - `unmountable`: the kernel refuses the filesystem.
 * - `torn`: a file's content is neither an old nor a new version of it, or cannot be read.
 * - `lost`: a file is missing that existed before the recording or whose save had resolved; or a replaced
 *   version is missing at the path where it is kept.
 * - `stale`: a file holds an older version than one whose save had resolved.
 * - `litter`: a file exists that no save made under that name, such as a temporary.
 */
export const FAULT_KINDS = ['unmountable', 'torn', 'lost', 'stale', 'litter'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  kind: FaultKind;
  file: string;
  detail: string;
}

/** Made by the filesystem or by the lab itself, or meant to stay. */
const NOT_JUDGED = new Set(['lost+found', UNRELATED_FILE, EARLIER_FILE, LOCK_FILE, BALLAST_FILE, STAGING]);

/**
 * Judges the files of a mounted crash state.
 *
 * A save that resolved as durable when N requests had completed must be found in every state whose position
 * is N or more: its promise resolved before the power failed. Before that, its version may be found or not.
 *
 * @param position how many requests had completed when the power failed.
 */
export function judge(directory: string, history: History, position: number): Fault[] {
  const faults: Fault[] = [];
  for (const [file, versions] of history.files) {
    const fault = judgeFile(directory, file, versions, position);
    if (fault !== undefined) faults.push({ ...fault, file });
  }
  for (const keeping of history.kept) {
    const fault = judgeKept(directory, keeping, history.files.get(keeping.file) ?? []);
    if (fault !== undefined) faults.push({ ...fault, file: keeping.path });
  }
  const judged = new Set([...history.files.keys(), ...history.kept.map(({ path }) => path)]);
  for (const file of filesBelow(directory, '', judged)) {
    faults.push({ kind: 'litter', file, detail: 'no save made this file' });
  }
  return faults;
}

function judgeFile(
  directory: string,
  file: string,
  versions: readonly Version[],
  position: number,
): Omit<Fault, 'file'> | undefined {
  const promised = Math.max(
    -1,
    ...versions.filter(({ durableAt = Infinity }) => durableAt <= position).map(({ version }) => version),
  );
  const found = versionAt(directory, file, file, versions);
  if (found === 'missing') {
    if (promised < 0) return undefined;
    return { kind: 'lost', detail: `missing, though v${promised} was promised` };
  }
  if ('torn' in found) {
    if (versions.some(({ version, unsafe }) => unsafe && version > promised)) return undefined;
    return { kind: 'torn', detail: found.torn };
  }
  if (found.rejected !== undefined) {
    return { kind: 'torn', detail: `v${found.version}, whose save was rejected: ${found.rejected}` };
  }
  if (found.version < promised) {
    return { kind: 'stale', detail: `v${found.version}, though v${promised} was promised` };
  }
  return undefined;
}

/**
 * Judges a file whose previous version is kept. Whichever version the file has, the path of the kept version
 * must hold the version before it, or the same version. So no version is replaced and lost, and the kept one
 * never goes back.
 */
function judgeKept(
  directory: string,
  { path, file, movedFrom }: Keeping,
  versions: readonly Version[],
): Omit<Fault, 'file'> | undefined {
  const found = versionAt(directory, file, file, versions);
  // `judgeFile` reports it, or nothing was promised.
  if (found === 'missing' || 'torn' in found || found.unsafe) return undefined;
  const published = versions.filter(({ rejected }) => rejected === undefined);
  const before = published[published.indexOf(found) - 1];
  const kept = versionAt(directory, path, file, versions);
  if (kept !== 'missing' && 'torn' in kept) return { kind: 'torn', detail: kept.torn };
  if (kept === found || kept === (before ?? 'missing')) return undefined;
  if (movedFrom !== undefined && before !== undefined) {
    if (versionAt(directory, movedFrom, file, versions) === before) return undefined;
  }
  const actual = kept === 'missing' ? kept : `v${kept.version}`;
  const expected = before === undefined ? 'nothing' : `v${before.version}`;
  return { kind: 'lost', detail: `${actual}, and ${file} has v${found.version}: expected ${expected}` };
}

/** Which version of `file` exists at `path`. */
function versionAt(
  directory: string,
  path: string,
  file: string,
  versions: readonly Version[],
): Version | 'missing' | { torn: string } {
  const isTree = versions.some(({ files }) => files !== undefined);
  try {
    return isTree
      ? versionOfTree(join(directory, path), file, versions)
      : versionOfFile(join(directory, path), file, versions);
  } catch (error) {
    return isMissing(error) ? 'missing' : { torn: `cannot be read: ${String(error)}` };
  }
}

/** Where the content is too short to distinguish versions, it counts as the newest of them. */
function versionOfFile(path: string, file: string, versions: readonly Version[]): Version | { torn: string } {
  const content = readFileSync(path);
  const found = versions.findLast(
    ({ version, length }) => length === content.length && contentOf(file, version, length).equals(content),
  );
  return found ?? { torn: describeContent(content) };
}

/** All files must be of the same version, and none may be missing. */
function versionOfTree(path: string, tree: string, versions: readonly Version[]): Version | { torn: string } {
  const contents = new Map(filesBelow(path, '').map((name) => [name, readFileSync(join(path, name))]));
  const found = versions.findLast((version) => {
    const files = treeOf(tree, version);
    return (
      files.size === contents.size &&
      [...files].every(([name, content]) => contents.get(name)?.equals(content) === true)
    );
  });
  if (found !== undefined) return found;
  const described = [...contents]
    .slice(0, 3)
    .map(([name, content]) => `${name}: ${describeContent(content)}`);
  return { torn: [`${contents.size} files`, ...described].join('; ') };
}

/**
 * Everything below `directory` that is not a directory. Symbolic links are not followed, and not listed.
 *
 * @param except trees that are judged as a whole.
 */
function filesBelow(directory: string, below: string, except: ReadonlySet<string> = new Set()): string[] {
  return readdirSync(join(directory, below), { withFileTypes: true }).flatMap((entry) => {
    const file = join(below, entry.name);
    if (NOT_JUDGED.has(file) || entry.isSymbolicLink() || except.has(file)) return [];
    return entry.isDirectory() ? filesBelow(directory, file, except) : [file];
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
