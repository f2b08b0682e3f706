import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentOf, describeContent } from './content.js';
import type { History, Version } from './history.js';
import { BALLAST_FILE, EARLIER_FILE, STAGING, UNRELATED_FILE } from './scenario.js';

/**
 * What can be wrong with a crash state, worst first.
 * - `unmountable`: the kernel refuses the filesystem.
 * - `torn`: a file's content is neither an old nor a new version of it, or cannot be read.
 * - `lost`: a file is missing that was there, or whose save had resolved.
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
  for (const file of filesBelow(directory, '')) {
    if (!history.files.has(file)) findings.push({ fault: 'litter', file, detail: 'nobody saved this' });
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
  let content: Buffer;
  try {
    content = readFileSync(join(directory, file));
  } catch (error) {
    if (!isMissing(error)) return { fault: 'torn', detail: `cannot be read: ${String(error)}` };
    if (promised < 0) return undefined;
    return { fault: 'lost', detail: `missing, though v${promised} was promised` };
  }
  // A content too short to tell versions apart counts as the newest of them.
  const found = versions.findLast(
    ({ version, length }) => length === content.length && contentOf(file, version, length).equals(content),
  );
  if (found === undefined) return { fault: 'torn', detail: describeContent(content) };
  if (found.rejected !== undefined) {
    return { fault: 'torn', detail: `v${found.version}, whose save was rejected: ${found.rejected}` };
  }
  if (found.version < promised) {
    return { fault: 'stale', detail: `v${found.version}, though v${promised} was promised` };
  }
  return undefined;
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
