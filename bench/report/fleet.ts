import type { Warning, WarningCode } from '../../src/filesystem/warning.js';
import { duration, threeDigits } from '../measure/amount.js';
import { REFERENCE } from '../measure/baseline.js';
import { median } from '../measure/confidence.js';
import { type DiskKind, diskKind, disksOf } from '../measure/disk.js';
import { DURABLE_SAVE } from '../measure/findings.js';
import { type NoiseSummary, summaryOf } from '../measure/noise.js';
import { type Finding, type Report, type Result, type Run, rounded } from '../measure/report.js';
import { changeOf } from './compare.js';

/** The JSON document of `indelible bench --collect`; `docs/bench.md` describes it. */
export interface Fleet {
  schema: 'indelible-fleet/1';
  /** By kind. In each kind, the slowest first. */
  disks: FleetDisk[];
}

/** A filesystem of a machine. All its runs have the same machine, mount point, type, kind, model and UUID. */
export interface FleetDisk {
  machine: string;
  /** The mount point. If the mount table is hidden: the directory that was measured in. */
  mount: string;
  filesystem: string | null;
  kind: DiskKind;
  model: string | null;
  uuid: string | null;
  /** The newest first. */
  runs: [DiskRun, ...DiskRun[]];
  /** The newest median of a durable save, divided by the median of all disks of this kind; `null` if they are too few. */
  ratio: number | null;
  verdicts: Verdict[];
}

/** The part of a run that the comparison needs. */
export interface DiskRun {
  date: string;
  directory: string;
  /** The kernel's name. It may change with a restart. */
  device: string | null;
  indelible: string;
  kernel: string;
  save: Result | null;
  fdatasync: Result | null;
  write: Result | null;
  /** How many rounds there were, and how many were noisy. `null` where that is not known. */
  noise: Pick<NoiseSummary, 'rounds' | 'noisy'> | null;
  /** What the run found out about cache flushes. */
  flush: Finding | null;
  warnings: Warning[];
}

/** What the numbers of a disk mean beside those of the others. */
export interface Verdict extends Pick<Finding, 'says' | 'text' | 'heuristic'> {
  verdict: (typeof VERDICTS)[number];
}

/** The most important first. `docs/bench.md` explains them. */
export const VERDICTS = ['lies', 'never flushed', 'slow', 'changed', 'tells nothing', 'not visible'] as const;

/** A disk is slow if a durable save takes this many times the median of its kind. */
const SLOW = 3;
/** With only two disks, neither can take three times their median. */
const FEWEST_DISKS = 3;
/** A disk has changed if a durable save takes this many times as long as before, or the other way round. */
const CHANGED = 1.25;
/** Warnings that syncs do nothing. */
const SYNCS_NOTHING: ReadonlySet<WarningCode> = new Set([
  'syncs-disabled',
  'volatile-overlay',
  'no-barriers',
]);
/** If an fdatasync sends no flush and takes less than this many writes, the disk had no part in it. */
const LIKE_A_WRITE = 2;

const NOT_VISIBLE: Partial<Record<DiskKind, string>> = {
  virtual: 'The disk is virtual: whether its host passes flushes on is not visible here.',
  network: 'The server decides what a sync means. That is not visible here.',
  fuse: 'The program that serves the filesystem decides what a sync means. That is not visible here.',
  unknown: 'No disk is visible here.',
};

/** Compares the disks of many reports, in any order. Several reports about one disk are its history. */
export function fleetOf(reports: readonly Report[]): Fleet {
  const found = new Map<string, { identity: Identity; runs: Map<string, DiskRun> }>();
  for (const report of reports) {
    for (const run of report.runs) {
      const identity = identityOf(report, run);
      const key = JSON.stringify(identity);
      const { runs } = found.get(key) ?? { runs: new Map<string, DiskRun>() };
      const read = diskRun(report, run);
      // The same report may be there twice.
      found.set(key, { identity, runs: runs.set(JSON.stringify(read), read) });
    }
  }
  // The texts begin with the kind, or the date. What follows makes the order independent of that of the files.
  const disks = inOrder(found).flatMap(({ identity, runs }): FleetDisk[] => {
    const [newest, ...earlier] = inOrder(runs).toReversed();
    return newest === undefined
      ? []
      : [{ ...identity, runs: [newest, ...earlier], ratio: null, verdicts: [] }];
  });
  for (const disk of disks) disk.verdicts.push(...ownVerdicts(disk));
  // Where syncs do nothing, the time of a save is not that of the disk.
  const comparable = disks.filter(({ verdicts }) => verdicts.every(({ verdict }) => verdict !== 'lies'));
  for (const disk of disks) {
    const peers = comparable
      .filter(({ kind }) => kind === disk.kind)
      .flatMap((peer) => sureMedian(peer) ?? []);
    compareWith(peers, disk);
    disk.verdicts.sort((a, b) => VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict));
  }
  return {
    schema: 'indelible-fleet/1',
    disks: disks.toSorted((a, b) =>
      a.kind === b.kind ? (sureMedian(b) ?? 0) - (sureMedian(a) ?? 0) : a.kind < b.kind ? -1 : 1,
    ),
  };
}

/** By which runs are recognised as those of one disk. */
export type Identity = Omit<FleetDisk, 'runs' | 'ratio' | 'verdicts'>;

export function identityOf({ machine }: Report, { filesystem, directory, uuid }: Run): Identity {
  const { mount, device } = filesystem;
  const models = device === undefined ? [] : disksOf(device).flatMap(({ model }) => model ?? []);
  return {
    kind: diskKind(filesystem),
    machine: machine.name,
    mount: mount?.path ?? directory,
    filesystem: mount?.type ?? null,
    model: models.length === 0 ? null : [...new Set(models)].join(', '),
    uuid: uuid ?? null,
  };
}

function diskRun({ date, indelible, machine }: Report, run: Run): DiskRun {
  const { filesystem, baseline, contenders, findings, directory } = run;
  const noise = summaryOf(run.noise ?? []);
  const named = <T extends Result>(results: readonly T[], name: string) =>
    results.find((result) => result.name === name) ?? null;
  return {
    date: new Date(date).toISOString(),
    directory,
    device: filesystem.device?.name ?? null,
    indelible,
    kernel: machine.kernel,
    save: named(contenders, DURABLE_SAVE),
    fdatasync: named(baseline, REFERENCE),
    write: named(baseline, 'write'),
    noise: noise === undefined ? null : { rounds: noise.rounds, noisy: noise.noisy },
    flush: findings.find(({ about }) => about === 'flush') ?? null,
    warnings: filesystem.warnings,
  };
}

/** By their keys. */
function inOrder<T>(map: ReadonlyMap<string, T>): T[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value);
}

/** The newest median of a durable save, if there were enough rounds for its confidence interval. */
function sureMedian({ runs: [{ save }] }: FleetDisk): number | undefined {
  return save?.microseconds.interval ? save.microseconds.median : undefined;
}

/** The verdicts that need no other disk. */
function ownVerdicts(disk: FleetDisk): Verdict[] {
  const [newest] = disk.runs;
  if (sureMedian(disk) !== undefined)
    return [...flushVerdict(newest, disk.kind), ...changeVerdict(disk.runs)];
  const text =
    newest.save === null
      ? `The report has no '${DURABLE_SAVE}'.`
      : 'Fewer than six rounds, which are too few for a confidence interval. More --seconds give more.';
  return [{ verdict: 'tells nothing', says: 'neutral', text, heuristic: false }];
}

/** @param peers the medians of the disks of this kind. */
function compareWith(peers: readonly number[], disk: FleetDisk): void {
  const own = sureMedian(disk);
  if (own === undefined || peers.length < FEWEST_DISKS) return;
  const usual = median(peers);
  disk.ratio = rounded(own / usual);
  const [low] = disk.runs[0].save?.microseconds.interval ?? [0];
  if (low < SLOW * usual) return;
  const text = `A durable save takes ${duration(own)}, ${threeDigits(disk.ratio)} times the median of ${peers.length} disks of this kind. From ${SLOW} times a disk counts as slow.`;
  disk.verdicts.push({ verdict: 'slow', says: 'bad', text, heuristic: true });
}

function flushVerdict({ flush, fdatasync, write, warnings }: DiskRun, kind: DiskKind): Verdict[] {
  const told = warnings.filter(({ code }) => code === 'write-cache' || SYNCS_NOTHING.has(code));
  const bad = flush?.says === 'bad' ? [flush] : [];
  if (told.length === 0 && bad.length === 0) {
    const text = NOT_VISIBLE[kind];
    return text === undefined ? [] : [{ verdict: 'not visible', says: 'neutral', text, heuristic: false }];
  }
  const alone = write?.microseconds.median ?? Number.NaN;
  const likeAWrite = bad.length > 0 && (fdatasync?.microseconds.median ?? 0) < LIKE_A_WRITE * alone;
  const texts = [...told.map(({ message }) => message), ...bad.map(({ text }) => text)];
  if (likeAWrite) texts.push(`A write alone takes ${duration(alone)}.`);
  const heuristic = likeAWrite || bad.some((finding) => finding.heuristic);
  const lies = heuristic || told.some(({ code }) => code !== 'write-cache');
  return [{ verdict: lies ? 'lies' : 'never flushed', says: 'bad', text: texts.join(' '), heuristic }];
}

/** Compares the newest run with the oldest. */
function changeVerdict(runs: FleetDisk['runs']): Verdict[] {
  const [now] = runs;
  const before = runs.findLast(({ save }) => save?.microseconds.interval);
  if (!now.save || !before?.save || now.date === before.date) return [];
  const { beyondNoise, before: old, now: current } = changeOf(DURABLE_SAVE, before.save, now.save);
  const ratio = current / old;
  if (!beyondNoise || (ratio < CHANGED && ratio > 1 / CHANGED)) return [];
  const since = `A durable save takes ${duration(current)}, and took ${duration(old)} on ${before.date.slice(0, 16)}: ${threeDigits(ratio)} times as long. The confidence intervals are apart. From ${CHANGED} times a disk counts as changed.`;
  const others = (['indelible', 'kernel'] as const)
    .filter((what) => before[what] !== now[what])
    .map(
      (what) =>
        ` The ${what === 'kernel' ? 'kernel' : 'version of indelible'} has changed too: ${before[what]} before, ${now[what]} now.`,
    );
  const says = ratio > 1 ? 'bad' : 'good';
  return [{ verdict: 'changed', says, text: since + others.join(''), heuristic: true }];
}

/** The name of a disk in sentences and charts. */
export function diskName({ machine, mount }: FleetDisk): string {
  return `${machine}:${mount}`;
}

/** In a sentence. The table has all of them. */
const MOST_NAMES = 6;

/** The verdicts as findings. Disks with the same one share it. */
export function fleetFindings({ disks }: Fleet): Pick<Finding, 'says' | 'text' | 'heuristic'>[] {
  const found = new Map<string, { verdict: Verdict; names: string[] }>();
  for (const disk of disks) {
    for (const verdict of disk.verdicts) {
      const key = `${verdict.verdict} ${verdict.text}`;
      const names = found.get(key)?.names ?? [];
      found.set(key, { verdict, names: [...names, diskName(disk)] });
    }
  }
  return [...found.values()]
    .toSorted((a, b) => VERDICTS.indexOf(a.verdict.verdict) - VERDICTS.indexOf(b.verdict.verdict))
    .map(({ verdict, names }) => {
      const more = names.length - MOST_NAMES;
      const which = names.slice(0, MOST_NAMES).join(', ') + (more > 0 ? ` and ${more} more` : '');
      return { ...verdict, text: `${which}: ${verdict.verdict}. ${verdict.text}` };
    });
}
