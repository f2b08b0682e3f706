import { setTimeout } from 'node:timers/promises';
import type { Device } from '../../src/filesystem/device.js';
import { type Machine, thisMachine } from '../../src/filesystem/machine.js';
import { disksOf, readDiskStat } from './disk.js';

/**
 * What other programs did during consecutive rounds, as many as take a quarter of a second. Shares are from 0 to 1, and `null`
 * where the kernel does not say.
 */
export interface Noise {
  /** What was measured: `single`, a size, or a number at once. */
  part: string;
  rounds: number;
  /** The load average of the last minute. This program counts. */
  load: number | null;
  /** The number of processors of the machine. */
  processors: number;
  /** How many of them other programs used, and how many the host of a virtual machine withheld. */
  used: number;
  withheld: number;
  /**
   * The share of time in which a program waited for a processor, a disk or memory, from `/proc/pressure`. It is measured
   * while this program pauses, so that it tells about the others.
   */
  waiting: Record<Resource, number> | null;
  /** Reads and writes that the disks finished while this program paused, a second. */
  disk: { requests: number; bytes: number } | null;
  /** Why these rounds are noisy. Empty: they are not. */
  noisy: Reason[];
}

export type Reason = 'processors' | 'disk' | 'memory';

const RESOURCES = ['cpu', 'io', 'memory'] as const;
type Resource = (typeof RESOURCES)[number];

/** Rules of thumb. From these on, rounds are noisy. */
export const NOISY = {
  /** The share of the processors that others use or the host withholds. */
  processors: 0.25,
  /** Requests of others to the disk, a second. */
  requests: 100,
  /** The share of time in which a program waits for memory. */
  memory: 0.05,
} as const;

/** The kernel counts the time of processors in units of 10 ms. */
const USUAL_MS = 250;
/** In less time than this, a unit would be a large part. */
const SHORTEST_MS = 100;
const PAUSE_MS = 25;
const SECTOR_BYTES = 512;

/** Observes the other programs of a machine between rounds. */
export class NoiseMeter {
  readonly #machine: Machine;
  readonly #disks: readonly Device[];
  #before: Snapshot;
  #rounds = 0;

  private constructor(machine: Machine, disks: readonly Device[], before: Snapshot) {
    this.#machine = machine;
    this.#disks = disks;
    this.#before = before;
  }

  /** @returns `undefined` where the kernel shows nothing about other programs. */
  static on(device: Device | undefined, machine: Machine = thisMachine): NoiseMeter | undefined {
    const before = snapshotOf(machine);
    return before && new NoiseMeter(machine, device === undefined ? [] : disksOf(device), before);
  }

  /** Begins a part. What happened before does not count. */
  begin(): void {
    this.#before = snapshotOf(this.#machine) ?? this.#before;
    this.#rounds = 0;
  }

  /**
   * Ends a round, and pauses to see what others do.
   *
   * @param isLast whether this is the last round of the part, so that a record may be shorter than usual.
   * @returns `undefined` while the rounds since the last record are too short.
   */
  async endRound(part: string, isLast: boolean): Promise<Noise | undefined> {
    this.#rounds += 1;
    const elapsed = performance.now() - this.#before.at;
    if (elapsed < (isLast ? SHORTEST_MS : USUAL_MS)) return undefined;
    const now = snapshotOf(this.#machine);
    if (now === undefined) return undefined;
    const processors = processorsBetween(this.#before, now);
    const load = Number(this.#machine.read('/proc/loadavg')?.split(' ')[0] ?? Number.NaN);
    const noise: Noise = {
      part,
      rounds: this.#rounds,
      load: Number.isFinite(load) ? load : null,
      ...processors,
      ...(await this.#pause()),
      noisy: [],
    };
    this.begin();
    return { ...noise, noisy: reasonsOf(noise) };
  }

  async #pause(): Promise<Pick<Noise, 'waiting' | 'disk'>> {
    const read = () => ({
      at: performance.now(),
      pressure: pressureOf(this.#machine),
      disk: diskOf(this.#machine, this.#disks),
    });
    const before = read();
    await setTimeout(PAUSE_MS);
    const after = read();
    const seconds = (after.at - before.at) / 1000;
    const waited = (resource: Resource) => {
      const microseconds = (after.pressure?.[resource] ?? 0) - (before.pressure?.[resource] ?? 0);
      return tidy(Math.min(1, microseconds / 1e6 / seconds));
    };
    return {
      waiting: before.pressure && {
        cpu: waited('cpu'),
        io: waited('io'),
        memory: waited('memory'),
      },
      disk:
        before.disk === null || after.disk === null
          ? null
          : {
              requests: tidy((after.disk.requests - before.disk.requests) / seconds),
              bytes: tidy((after.disk.bytes - before.disk.bytes) / seconds),
            },
    };
  }
}

function reasonsOf({ processors, used, withheld, disk, waiting }: Noise): Reason[] {
  const reasons: Record<Reason, boolean> = {
    processors: used + withheld >= NOISY.processors * processors,
    disk: (disk?.requests ?? 0) >= NOISY.requests,
    memory: (waiting?.memory ?? 0) >= NOISY.memory,
  };
  return (Object.keys(reasons) as Reason[]).filter((reason) => reasons[reason]);
}

/** In units of 10 ms, except `at` and `own`, in milliseconds. */
interface Snapshot {
  at: number;
  own: number;
  busy: number;
  stolen: number;
  processors: number;
}

function snapshotOf(machine: Machine): Snapshot | undefined {
  let times: number[] | undefined;
  let processors = 0;
  for (const line of machine.lines('/proc/stat')) {
    if (!line.startsWith('cpu')) break;
    if (times === undefined) times = line.split(/ +/).slice(1).map(Number);
    else processors += 1;
  }
  const [user, nice, system, , , interrupts, soft, stolen] = times ?? [];
  const { user: ownUser, system: ownSystem } = process.cpuUsage();
  const busy = (user ?? Number.NaN) + (nice ?? 0) + (system ?? 0) + (interrupts ?? 0) + (soft ?? 0);
  if (Number.isNaN(busy) || processors === 0) return undefined;
  return {
    at: performance.now(),
    own: (ownUser + ownSystem) / 1000,
    busy,
    stolen: stolen ?? 0,
    processors,
  };
}

function processorsBetween(before: Snapshot, now: Snapshot): Pick<Noise, 'processors' | 'used' | 'withheld'> {
  const elapsed = now.at - before.at;
  const others = 10 * (now.busy - before.busy) - (now.own - before.own);
  return {
    processors: now.processors,
    used: tidy(Math.max(0, others) / elapsed),
    withheld: tidy((10 * (now.stolen - before.stolen)) / elapsed),
  };
}

/** How long programs have waited for each resource, in microseconds. */
function pressureOf(machine: Machine): Record<Resource, number> | null {
  const totals = RESOURCES.map((resource) => {
    const some = machine.read(`/proc/pressure/${resource}`)?.split('\n')[0];
    return Number(/ total=(\d+)$/.exec(some ?? '')?.[1] ?? Number.NaN);
  });
  const [cpu = Number.NaN, io = Number.NaN, memory = Number.NaN] = totals;
  return totals.some(Number.isNaN) ? null : { cpu, io, memory };
}

/** What the disks have finished (Documentation/block/stat.rst). */
function diskOf(machine: Machine, disks: readonly Device[]): { requests: number; bytes: number } | null {
  const stats = disks.map((disk) => readDiskStat(machine, disk));
  if (stats.length === 0 || stats.includes(undefined)) return null;
  const sum = (...fields: number[]) =>
    stats.reduce((all, stat) => all + fields.reduce((one, field) => one + (stat?.[field] ?? 0), 0), 0);
  return { requests: sum(0, 4), bytes: SECTOR_BYTES * sum(2, 6) };
}

/** To three digits. */
function tidy(value: number): number {
  return Number(value.toPrecision(3));
}

/** The records of a run together. */
export interface NoiseSummary {
  rounds: number;
  noisy: number;
  /** Whether more than half of the rounds are noisy. */
  mostly: boolean;
  reasons: Reason[];
  /** Means over the rounds. */
  load: number | null;
  processors: number;
  used: number;
  withheld: number;
  waiting: Noise['waiting'];
  disk: Noise['disk'];
}

/** @returns `undefined` without records. */
export function summaryOf(records: readonly Noise[]): NoiseSummary | undefined {
  const [first] = records;
  if (first === undefined) return undefined;
  const rounds = records.reduce((sum, record) => sum + record.rounds, 0);
  const noisy = records.reduce((sum, record) => sum + (record.noisy.length > 0 ? record.rounds : 0), 0);
  const mean = (value: (record: Noise) => number | null | undefined): number | null => {
    const known = records.flatMap((record) => value(record) ?? []);
    return known.length === 0 ? null : tidy(known.reduce((sum, one) => sum + one, 0) / known.length);
  };
  const requests = mean(({ disk }) => disk?.requests);
  const bytes = mean(({ disk }) => disk?.bytes);
  const [cpu, io, memory] = RESOURCES.map((resource) => mean(({ waiting }) => waiting?.[resource]));
  return {
    rounds,
    noisy,
    mostly: 2 * noisy > rounds,
    reasons: [...new Set(records.flatMap((record) => record.noisy))],
    load: mean(({ load }) => load),
    processors: first.processors,
    used: mean(({ used }) => used) ?? 0,
    withheld: mean(({ withheld }) => withheld) ?? 0,
    waiting: cpu == null || io == null || memory == null ? null : { cpu, io, memory },
    disk: requests === null || bytes === null ? null : { requests, bytes },
  };
}
