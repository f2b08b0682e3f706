import type { Call, Crash, DiskRequest, Recordings, Run } from './recordings.js';

/**
 * Recordings as the page contains them: each field of all calls and requests of a run in one list, and times as
 * differences. This is compressed to three quarters of the size.
 */
export interface Packed extends Omit<Recordings, 'pairs'> {
  pairs: readonly (Omit<Recordings['pairs'][number], 'alone' | 'beside'> &
    Record<'alone' | 'beside', PackedRun>)[];
}

interface PackedRun extends Omit<Run, 'calls' | 'requests' | 'crashes'> {
  calls: {
    neighbour: readonly (0 | 1)[];
    thread: readonly number[];
    name: readonly string[];
    text: readonly string[];
    result: readonly string[];
    /** Since the start of the call before. */
    start: readonly number[];
    duration: readonly number[];
    bytes: readonly (number | null)[];
  };
  requests: {
    kind: readonly DiskRequest['kind'][];
    /** Since the end of the request before. */
    start: readonly number[];
    duration: readonly number[];
    length: readonly number[];
    cells: readonly (readonly [number, number] | 0)[];
    /** How many of the requests before it a flush leaves out. */
    covers: readonly (number | null)[];
  };
  /** `all`, `none`, and the outcomes one after another. */
  crashes: readonly (readonly number[])[];
}

export function pack(recordings: Recordings): Packed {
  return {
    ...recordings,
    pairs: recordings.pairs.map((pair) => ({
      ...pair,
      alone: packRun(pair.alone),
      beside: packRun(pair.beside),
    })),
  };
}

export function unpack(packed: Packed): Recordings {
  return {
    ...packed,
    pairs: packed.pairs.map((pair) => ({
      ...pair,
      alone: unpackRun(pair.alone),
      beside: unpackRun(pair.beside),
    })),
  };
}

function packRun(run: Run): PackedRun {
  const { calls, requests, crashes } = run;
  const list = <One, Field>(all: readonly One[], field: (one: One, index: number) => Field) => all.map(field);
  return {
    ...run,
    calls: {
      neighbour: list(calls, ({ by }) => (by === 'neighbour' ? 1 : 0)),
      thread: list(calls, ({ thread }) => thread),
      name: list(calls, ({ name }) => name),
      text: list(calls, ({ text }) => text),
      result: list(calls, ({ result }) => result),
      start: list(calls, ({ start }, index) => start - (calls[index - 1]?.start ?? 0)),
      duration: list(calls, ({ duration }) => duration),
      bytes: list(calls, ({ bytes }) => bytes ?? null),
    },
    requests: {
      kind: list(requests, ({ kind }) => kind),
      start: list(requests, ({ start }, index) => start - (requests[index - 1]?.end ?? 0)),
      duration: list(requests, ({ start, end }) => end - start),
      length: list(requests, ({ length }) => length),
      cells: list(requests, ({ cells }) => cells ?? 0),
      covers: list(requests, ({ covers }, index) => (covers === undefined ? null : index - covers)),
    },
    crashes: crashes.map(({ all, none, outcomes }) => [all, none, ...outcomes.flat()]),
  };
}

function unpackRun(run: PackedRun): Run {
  const { calls, requests } = run;
  let started = 0;
  let ended = 0;
  return {
    ...run,
    calls: calls.name.map((name, index): Call => {
      started += calls.start[index] ?? 0;
      const bytes = calls.bytes[index] ?? undefined;
      return {
        by: calls.neighbour[index] === 1 ? 'neighbour' : 'saver',
        thread: calls.thread[index] ?? 0,
        name,
        text: calls.text[index] ?? '',
        result: calls.result[index] ?? '',
        start: started,
        duration: calls.duration[index] ?? 0,
        ...(bytes === undefined ? {} : { bytes }),
      };
    }),
    requests: requests.kind.map((kind, index): DiskRequest => {
      const start = ended + (requests.start[index] ?? 0);
      ended = start + (requests.duration[index] ?? 0);
      const cells = requests.cells[index] ?? 0;
      const leaves = requests.covers[index] ?? undefined;
      return {
        kind,
        start,
        end: ended,
        length: requests.length[index] ?? 0,
        ...(cells === 0 ? {} : { cells }),
        ...(leaves === undefined ? {} : { covers: index - leaves }),
      };
    }),
    crashes: run.crashes.map(unpackCrash),
  };
}

function unpackCrash([all = 0, none = 0, ...rest]: readonly number[]): Crash {
  const outcomes: [number, 0 | 1, number][] = [];
  for (let index = 0; index < rest.length; index += 3) {
    const [found = 0, litter, states = 0] = rest.slice(index, index + 3);
    outcomes.push([found, litter === 1 ? 1 : 0, states]);
  }
  return { outcomes, all, none };
}
