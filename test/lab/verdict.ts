import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentOf, describeContent, treeOf } from './content.js';
import type { History, Keeping, Version } from './history.js';
import { BALLAST_FILE, EARLIER_FILE, STAGING, UNRELATED_FILE } from './scenario.js';

/**
 * What can be wrong with a crash state, worst first.
 * - `unmountable`: the kernel refuses the filesystem.
 * - `torn`: a file's content is neither an old nor a new version of it, or cannot be read.
 * - `lost`: a file is missing that was there, or whose save had resolved; or a version that was replaced and is not where it
 *   is kept.
 * - `stale`: a file holds an older version than one whose save had resolved.
 * - `litter`: a file stands there that nobody saved under that name, such as a temporary.
 */
export const FAULTS = ['unmountable', 'torn', 'lost', 'stale', 'litter'] as const;
export type Fault = (typeof FAULTS)[number];

export interface Finding {
  fault: Fault;
  file: string;
  detail: string;
}

/** Made by the filesystem or by the lab itself. */
const BELONGS = new Set(['lost+found', UNRELATED_FILE, EARLIER_FILE, BALLAST_FILE, STAGING]);

/**
 * Judges what a mounted crash state shows.
 *
 * A save that resolved as durable when N requests had been carried out must be found in every state whose position is N
 * or more: its caller had been told before the power failed. Before that, its version may be found or not.
 *
 * @param position how many requests had completed when the power failed.
 */
export function judge(directory: string, history: History, position: number): Finding[] {
  const findings: Finding[] = [];
  for (const [file, versions] of history.files) {
    const finding = judgeFile(directory, file, versions, position);
    if (finding !== undefined) findings.push({ ...finding, file });
  }
  for (const keeping of history.kept) {
    const finding = judgeKept(directory, keeping, history.files.get(keeping.file) ?? []);
    if (finding !== undefined) findings.push({ ...finding, file: keeping.under });
  }
  const judged = new Set([...history.files.keys(), ...history.kept.map(({ under }) => under)]);
  for (const file of filesBelow(directory, '', judged)) {
    findings.push({ fault: 'litter', file, detail: 'nobody saved this' });
  }
  return findings;
}

function judgeFile(
  directory: string,
  file: string,
  versions: readonly Version[],
  position: number,
): Omit<Finding, 'file'> | undefined {
  const promised = Math.max(
    -1,
    ...versions.filter(({ durableAt = Infinity }) => durableAt <= position).map(({ version }) => version),
  );
  const found = lookAt(directory, file, file, versions);
  if (found === 'missing') {
    if (promised < 0) return undefined;
    return { fault: 'lost', detail: `missing, though v${promised} was promised` };
  }
  if ('torn' in found) {
    if (versions.some(({ version, unsafe }) => unsafe && version > promised)) return undefined;
    return { fault: 'torn', detail: found.torn };
  }
  if (found.rejected !== undefined) {
    return { fault: 'torn', detail: `v${found.version}, whose save was rejected: ${found.rejected}` };
  }
  if (found.version < promised) {
    return { fault: 'stale', detail: `v${found.version}, though v${promised} was promised` };
  }
  return undefined;
}

/**
 * Of a file with its version before: whichever version is found, the one before it, or itself, is found where that is kept. So
 * no version is ever replaced and lost, and none goes back.
 */
function judgeKept(
  directory: string,
  { under, file, or }: Keeping,
  versions: readonly Version[],
): Omit<Finding, 'file'> | undefined {
  const found = lookAt(directory, file, file, versions);
  // Another finding says so; or nothing was promised.
  if (found === 'missing' || 'torn' in found || found.unsafe) return undefined;
  const published = versions.filter(({ rejected }) => rejected === undefined);
  const before = published[published.indexOf(found) - 1];
  const kept = lookAt(directory, under, file, versions);
  if (kept !== 'missing' && 'torn' in kept) return { fault: 'torn', detail: kept.torn };
  if (kept === found || kept === (before ?? 'missing')) return undefined;
  if (or !== undefined && before !== undefined && lookAt(directory, or, file, versions) === before)
    return undefined;
  const where = kept === 'missing' ? kept : `v${kept.version}`;
  const wanted = before === undefined ? 'nothing' : `v${before.version}`;
  return { fault: 'lost', detail: `${where}, and ${file} has v${found.version}: it should be ${wanted}` };
}

/** What stands under `path`, as a version of `file`. */
function lookAt(
  directory: string,
  path: string,
  file: string,
  versions: readonly Version[],
): Version | 'missing' | { torn: string } {
  const isTree = versions.some(({ files }) => files !== undefined);
  try {
    return isTree
      ? lookAtTree(join(directory, path), file, versions)
      : lookAtFile(join(directory, path), file, versions);
  } catch (error) {
    return isMissing(error) ? 'missing' : { torn: `cannot be read: ${String(error)}` };
  }
}

/** A content too short to tell versions apart counts as the newest of them. */
function lookAtFile(path: string, file: string, versions: readonly Version[]): Version | { torn: string } {
  const content = readFileSync(path);
  const found = versions.findLast(
    ({ version, length }) => length === content.length && contentOf(file, version, length).equals(content),
  );
  return found ?? { torn: describeContent(content) };
}

/** Of one version, and that whole. */
function lookAtTree(path: string, tree: string, versions: readonly Version[]): Version | { torn: string } {
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

/** Everything below `directory` that is not a directory; symbolic links are not followed, and not listed. */
function filesBelow(directory: string, below: string, apart: ReadonlySet<string> = new Set()): string[] {
  return readdirSync(join(directory, below), { withFileTypes: true }).flatMap((entry) => {
    const file = join(below, entry.name);
    if (BELONGS.has(file) || entry.isSymbolicLink()) return [];
    // A tree that is judged as a whole.
    if (apart.has(file)) return [];
    return entry.isDirectory() ? filesBelow(directory, file, apart) : [file];
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
