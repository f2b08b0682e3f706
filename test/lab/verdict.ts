import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentOf, describeContent } from './content.js';
import type { History, Version } from './history.js';
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
  for (const [under, file] of history.kept) {
    const finding = judgeKept(directory, under, file, history.files.get(file) ?? []);
    if (finding !== undefined) findings.push({ ...finding, file: under });
  }
  for (const file of filesBelow(directory, '')) {
    if (!history.files.has(file) && !history.kept.has(file))
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
  let content: Buffer | undefined;
  try {
    content = read(directory, file);
  } catch (error) {
    return { fault: 'torn', detail: `cannot be read: ${String(error)}` };
  }
  if (content === undefined) {
    if (promised < 0) return undefined;
    return { fault: 'lost', detail: `missing, though v${promised} was promised` };
  }
  const found = versionOf(file, versions, content);
  if (found === undefined) {
    if (versions.some(({ version, unsafe }) => unsafe && version > promised)) return undefined;
    return { fault: 'torn', detail: describeContent(content) };
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
  under: string,
  file: string,
  versions: readonly Version[],
): Omit<Finding, 'file'> | undefined {
  try {
    const content = read(directory, file);
    const found = content && versionOf(file, versions, content);
    // Another finding says so; or nothing was promised.
    if (found === undefined || found.unsafe) return undefined;
    const published = versions.filter(({ rejected }) => rejected === undefined);
    const before = published[published.indexOf(found) - 1];
    const keptContent = read(directory, under);
    if (keptContent === undefined) {
      if (before === undefined) return undefined;
      return {
        fault: 'lost',
        detail: `missing, and ${file} has v${found.version}: v${before.version} is lost`,
      };
    }
    const kept = versionOf(file, versions, keptContent);
    if (kept === undefined) return { fault: 'torn', detail: describeContent(keptContent) };
    if (kept === found || kept === before) return undefined;
    return { fault: 'lost', detail: `v${kept.version} of ${file}, which has v${found.version}` };
  } catch (error) {
    return { fault: 'torn', detail: `cannot be read: ${String(error)}` };
  }
}

/** @returns `undefined` if it is missing. */
function read(directory: string, file: string): Buffer | undefined {
  try {
    return readFileSync(join(directory, file));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A content too short to tell versions apart counts as the newest of them. */
function versionOf(file: string, versions: readonly Version[], content: Buffer): Version | undefined {
  return versions.findLast(
    ({ version, length }) => length === content.length && contentOf(file, version, length).equals(content),
  );
}

/** Everything below `directory` that is not a directory; symbolic links are not followed, and not listed. */
function filesBelow(directory: string, below: string): string[] {
  return readdirSync(join(directory, below), { withFileTypes: true }).flatMap((entry) => {
    const file = join(below, entry.name);
    if (BELONGS.has(file) || entry.isSymbolicLink()) return [];
    return entry.isDirectory() ? filesBelow(directory, file) : [file];
  });
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
