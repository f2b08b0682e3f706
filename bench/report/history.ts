import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { save } from '../../src/api/save.js';
import type { Report, Run } from '../measure/report.js';
import { type FleetDisk, fleetOf, type Identity, identityOf } from './fleet.js';
import { readReport, reportJson } from './json.js';

/**
 * The reports in a directory and in those below it.
 *
 * @throws {Error} if a file that ends in `.json` is no report. It is named.
 */
export function readHistory(directory: string): Report[] {
  return existsSync(directory) ? reportFiles(directory).map(readReport) : [];
}

/** The files below a directory that end in `.json`. */
export function reportFiles(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.json')).map((name) => join(directory, name));
}

/** Keeps a report in a directory: for each disk, a file of its own in the folder of that disk. */
export async function keepReport(directory: string, report: Report): Promise<void> {
  const runsOf = new Map<string, Run[]>();
  for (const run of report.runs) {
    const folder = folderOf(identityOf(report, run));
    runsOf.set(folder, [...(runsOf.get(folder) ?? []), run]);
  }
  for (const [folder, runs] of runsOf) {
    const file = join(directory, folder, `${report.date.replaceAll(':', '-')}.json`);
    await save(file, reportJson({ ...report, runs }), { makeDirectories: true });
  }
}

/** A name that tells people the disk, and its identity to the program. */
function folderOf(identity: Identity): string {
  const name = `${identity.machine} ${identity.mount}`.replace(/[^a-z0-9]+/gi, '-').slice(0, 60);
  const hash = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 8);
  return `${name.replace(/-$/, '')}-${hash}`;
}

/** The disks of a report, with the earlier runs on them. */
export function coursesOf(history: readonly Report[], report: Report): FleetDisk[] {
  const own = new Set(report.runs.map((run) => folderOf(identityOf(report, run))));
  return fleetOf([...history, report]).disks.filter(({ machine, mount, filesystem, kind, model, uuid }) =>
    own.has(folderOf({ kind, machine, mount, filesystem, model, uuid })),
  );
}
