import type {
  Cost,
  Crash,
  DiskRequest,
  Pair,
  Run,
  Survey,
  Tally,
} from '../../../docs/see-it-work/recordings.js';
import { decodeFound, type Found } from '../../../docs/see-it-work/settings-file.js';
import type { DiskFormat } from '../filesystems.js';
import type { CrashesAt, Left } from './crashes.js';
import type { RawRun } from './one-run.js';
import { describeRequest } from './request-kind.js';

/** A run with its crashes. */
export interface CrashedRun {
  raw: RawRun;
  crashes: readonly CrashesAt[];
}

/** The first and the last position of a run in the log. */
export function positionsOf({ began, ended, log: { requests } }: RawRun): { begin: number; end: number } {
  const completed = (at: number) => requests.filter(({ end }) => end <= at).length;
  return { begin: completed(began), end: completed(ended) };
}

/** The run with the quickest save: other work of the machine delayed the others. */
export function quickest(runs: readonly RawRun[]): RawRun {
  return runs.reduce((a, b) => (durationOf(b) < durationOf(a) ? b : a));
}

export function costOf(run: RawRun, recordings: number): Cost {
  const { called, settled, log } = run;
  const meanwhile = log.requests.filter(({ start, end }) => start >= called && end <= settled);
  return {
    recordings,
    duration: durationOf(run),
    flushes: meanwhile.filter(({ flush }) => flush).length,
    written: meanwhile.reduce((sum, { length }) => sum + length, 0),
  };
}

/**
 * The run whose crashes show most: one with a ruined file if there is one, then the one with most outcomes.
 */
export function mostTelling(runs: readonly CrashedRun[]): CrashedRun {
  const score = ({ raw, crashes }: CrashedRun) => {
    const kinds = new Set(
      crashes.flatMap(({ states }) => states.map(({ found }) => decodeFound(found).kind)),
    );
    const ruins = [...kinds].filter((kind) => kind !== 'old' && kind !== 'new').length;
    return 100 * ruins + varietyOf({ raw, crashes });
  };
  return runs.reduce((a, b) => {
    const better = score(b) - score(a);
    return better > 0 || (better === 0 && durationOf(b.raw) < durationOf(a.raw)) ? b : a;
  });
}

/** How many different outcomes the crashes have, before and after the promise resolved. */
function varietyOf({ raw, crashes }: CrashedRun): number {
  const kinds = crashes.flatMap(({ states }, index) =>
    states.map(({ found }) => `${decodeFound(found).kind} ${hadResolved(raw, index)}`),
  );
  return new Set(kinds).size;
}

export function surveyOf(runs: readonly CrashedRun[]): Survey {
  const before = emptyTally();
  const after = emptyTally();
  for (const { raw, crashes } of runs) {
    for (const [index, { states }] of crashes.entries()) {
      for (const left of states) count(hadResolved(raw, index) ? after : before, left);
    }
  }
  return { recordings: runs.length, before, after };
}

export function pairOf(
  { filesystem, recipe, format }: { filesystem: string; recipe: string; format: DiskFormat },
  { alone, beside }: { alone: CrashedRun; beside: CrashedRun },
  { cost, survey }: { cost: Cost; survey: Survey },
): Omit<Pair, 'session'> {
  const found: string[] = [];
  const indexOf = (text: string) => {
    const known = found.indexOf(text);
    return known === -1 ? found.push(text) - 1 : known;
  };
  return {
    filesystem,
    recipe,
    found,
    alone: runOf(alone, format, indexOf),
    beside: runOf(beside, format, indexOf),
    cost,
    survey,
  };
}

function runOf({ raw, crashes }: CrashedRun, format: DiskFormat, indexOf: (found: string) => number): Run {
  const { began, called, settled, ended, rejected, readings } = raw;
  const { begin, end } = positionsOf(raw);
  return {
    begin: began - called,
    end: ended - called,
    settled: settled - called,
    ...(rejected === undefined ? {} : { rejected }),
    calls: raw.calls.map((call) => ({ ...call, start: call.start - called })),
    requests: raw.log.requests.slice(begin, end).map((request): DiskRequest => {
      const covers = request.covers === undefined ? {} : { covers: Math.max(0, request.covers - begin) };
      return {
        ...describeRequest(request, format),
        start: request.start - called,
        end: request.end - called,
        length: request.length,
        ...covers,
      };
    }),
    reads: readingsWithin(readings, began, ended).map(([at, text]) => [at - called, indexOf(text)]),
    crashes: crashes.map((crash) => crashOf(crash, indexOf)),
  };
}

/** What the reader found when the run began, and each change until it ended. */
function readingsWithin(readings: RawRun['readings'], began: number, ended: number): RawRun['readings'] {
  const first = readings.findLast(([at]) => at <= began);
  if (first === undefined) throw new Error('the reader started too late');
  return [[began, first[1]], ...readings.filter(([at]) => at > began && at <= ended)];
}

function crashOf({ states, all, none }: CrashesAt, indexOf: (found: string) => number): Crash {
  const counts = new Map<string, { left: Left; states: number }>();
  for (const left of states) {
    const key = `${left.found} ${left.litter}`;
    counts.set(key, { left, states: (counts.get(key)?.states ?? 0) + 1 });
  }
  return {
    outcomes: [...counts.values()]
      .sort((a, b) => b.states - a.states)
      .map(({ left, states }) => [indexOf(left.found), left.litter ? 1 : 0, states]),
    all: indexOf(all.found),
    none: indexOf(none.found),
  };
}

/** Whether the promise had resolved at this position, before the next request completed. */
function hadResolved(raw: RawRun, index: number): boolean {
  const { begin } = positionsOf(raw);
  const reached = raw.log.requests[begin + index - 1]?.end ?? raw.began;
  const until = Math.min(raw.log.requests[begin + index]?.end ?? raw.ended, raw.ended);
  // A position lasts from one request to the next. It counts as resolved if any part of that time is after
  // the promise.
  return raw.rejected === undefined && (reached >= raw.settled || until > raw.settled);
}

function emptyTally(): Tally {
  return { states: 0, old: 0, new: 0, empty: 0, missing: 0, torn: 0, unmountable: 0, litter: 0 };
}

function count(tally: Tally, { found, litter }: Left): void {
  const { kind }: Found = decodeFound(found);
  tally.states++;
  tally[kind]++;
  if (litter) tally.litter++;
}

function durationOf({ called, settled }: RawRun): number {
  return settled - called;
}
