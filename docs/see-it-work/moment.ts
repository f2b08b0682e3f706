import type { Call, Crash, DiskRequest, Pair, Run } from './recordings.js';
import { CELL, cellsOf, decodeFound, type Found } from './settings-file.js';

/** Where one cell of the new version is. */
export type CellLocation = 'nowhere' | 'memory' | 'cache' | 'platter';

/** Requests of one kind that are only in the disk's cache. */
export interface Cached {
  kind: DiskRequest['kind'];
  bytes: number;
}

/** The state at one instant of a recording. */
export interface Moment {
  at: number;
  program: 'before' | 'pending' | 'resolved' | 'rejected';
  /** Calls of the saver that are in progress. */
  calls: readonly Call[];
  /** Requests of the disk that are in progress. */
  requests: readonly DiskRequest[];
  /** What another process has read when it last looked. */
  read: Found;
  /** Whether it has looked since the rename. */
  readIsCurrent: boolean;
  /** One for each cell of the new version. */
  cells: readonly CellLocation[];
  /** In the disk's cache, by kind, the largest first. */
  cached: readonly Cached[];
  /** The file if the power fails now and the disk keeps all of its cache, or nothing of it. */
  ifCacheKept: Found;
  platter: Found;
  /** How many requests are complete. */
  position: number;
}

/** How many of the run's requests the disk has completed at this time. */
export function positionAt(run: Run, at: number): number {
  let position = 0;
  while ((run.requests[position]?.end ?? Number.POSITIVE_INFINITY) <= at) position++;
  return position;
}

/** How many of the first `position` requests are certainly on the platter. */
export function durableAt(run: Run, position: number): number {
  for (let index = position - 1; index >= 0; index--) {
    const covers = run.requests[index]?.covers;
    if (covers !== undefined) return covers;
  }
  return 0;
}

/** The outcomes of a crash at this instant. */
export function crashAt(run: Run, at: number): Crash {
  const crash = run.crashes[positionAt(run, at)];
  if (crash === undefined) throw new Error('no crash was recorded for this moment');
  return crash;
}

export function foundAt(pair: Pair, index: number): Found {
  const text = pair.found[index];
  if (text === undefined) throw new Error(`the recording has no content ${index}`);
  return decodeFound(text);
}

/** The state at an instant. */
export function momentOf(pair: Pair, run: Run, at: number): Moment {
  const position = positionAt(run, at);
  const durable = durableAt(run, position);
  const pending = run.requests.slice(durable, position);
  const crash = crashAt(run, at);
  const read = foundAt(pair, run.reads.findLast(([from]) => from <= at)?.[1] ?? run.reads[0]?.[1] ?? 0);
  return {
    at,
    program: programAt(run, at),
    calls: run.calls.filter(
      ({ by, start, duration }) => by === 'saver' && isDuring(at, start, start + duration),
    ),
    requests: run.requests.filter(({ start, end }) => isDuring(at, start, end)),
    read,
    readIsCurrent: read.kind !== 'old' || !hasRenamed(run, at),
    cells: locationsOf(run, at, position, durable),
    cached: byKind(pending),
    ifCacheKept: foundAt(pair, crash.all),
    platter: foundAt(pair, crash.none),
    position,
  };
}

function hasRenamed({ calls }: Run, at: number): boolean {
  return calls.some(
    ({ by, name, result, start, duration }) =>
      by === 'saver' && name.startsWith('rename') && result === '0' && start + duration <= at,
  );
}

function programAt(run: Run, at: number): Moment['program'] {
  if (at < 0) return 'before';
  if (at < run.settled) return 'pending';
  return run.rejected === undefined ? 'resolved' : 'rejected';
}

function isDuring(at: number, start: number, end: number): boolean {
  return start <= at && at < end;
}

function locationsOf(run: Run, at: number, position: number, durable: number): CellLocation[] {
  const written = run.calls
    .filter(({ by, start, duration }) => by === 'saver' && start + duration <= at)
    .reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  const locations = Array.from(
    { length: cellsOf('new') },
    (_, cell): CellLocation => (cell * CELL < written ? 'memory' : 'nowhere'),
  );
  for (const [index, { cells }] of run.requests.slice(0, position).entries()) {
    if (cells !== undefined) locations.fill(index < durable ? 'platter' : 'cache', ...cells);
  }
  return locations;
}

function byKind(requests: readonly DiskRequest[]): Cached[] {
  const bytes = new Map<DiskRequest['kind'], number>();
  for (const { kind, length } of requests) if (length > 0) bytes.set(kind, (bytes.get(kind) ?? 0) + length);
  return [...bytes].map(([kind, sum]) => ({ kind, bytes: sum })).sort((a, b) => b.bytes - a.bytes);
}
