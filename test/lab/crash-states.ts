import type { BlockLog, BlockRequest } from './block-log.js';
import { Random } from './random.js';

/**
 * What a power failure can leave on a disk with a volatile cache, computed from the log of its requests.
 *
 * The power fails when the first `position` requests have completed. All requests that completed before the
 * last flush among them are on the medium, and every request with forced unit access is. The other requests
 * are *pending*: the disk may have written any part of them in any order. It keeps or loses each of them, and
 * of a request longer than a sector it may have written some sectors only. Requests that had not completed
 * are taken as lost.
 *
 * The model leaves out two things that real disks may do. So the lab can miss a fault, but never invents one:
 * - The log has the order of completion alone. A request that completed during a flush counts as covered by
 *   that flush, unless the recording has times (`covers`).
 * - A request that had begun and not completed when the power failed may be on the medium in part. It appears
 *   so in the states of the next position.
 */
export interface CrashState {
  /** How many requests had completed. */
  position: number;
  /**
   * Which pending requests reached the medium: all of them, none, or a random half. `torn`: a random half,
   * and a random half of these only in part. `subset`: those whose bits in `seed` are set, the first being bit 0.
   */
  pending: Pending;
  /** For the random choices. */
  seed: number;
}

const RANDOM = ['all', 'none', 'some', 'torn'] as const;
export const PENDING = [...RANDOM, 'subset'] as const;
export type Pending = (typeof PENDING)[number];

/** The part of a request that reached the medium, in bytes from the request's start. */
export interface SurvivingPart {
  request: BlockRequest;
  from: number;
  to: number;
}

/** What a filesystem relies on: these units are written whole or not at all. */
export interface Untorn {
  /** Offset of the super block, in bytes. */
  superBlock: number;
  /** In other writes, units of this many bytes are never torn; default: a sector. */
  unit?: number;
}

/** How many requests the flushes before `position` made durable. */
export function durableCount(requests: readonly BlockRequest[], position: number): number {
  for (let index = position - 1; index >= 0; index--) {
    const request = requests[index];
    if (request?.flush) return request.covers ?? index;
  }
  return 0;
}

/**
 * The parts of the requests after the last flush that are on the medium in this state, in the order of the
 * log.
 */
export function survivingParts(
  { requests, sectorSize }: BlockLog,
  state: CrashState,
  { superBlock, unit = sectorSize }: Untorn,
): SurvivingPart[] {
  const random = new Random(state.seed);
  const subset = pendingAt(requests, state.position).filter((_, bit) => ((state.seed >>> bit) & 1) === 1);
  return requests.slice(durableCount(requests, state.position), state.position).flatMap((request) => {
    if (state.pending === 'subset') {
      return request.fua || subset.includes(request) ? [{ request, from: 0, to: request.length }] : [];
    }
    const tearable = request.offset > superBlock || request.offset + request.length <= superBlock;
    return partsOf(request, state.pending, tearable ? unit : Number.POSITIVE_INFINITY, random);
  });
}

function partsOf(request: BlockRequest, pending: Pending, unit: number, random: Random): SurvivingPart[] {
  const whole = { request, from: 0, to: request.length };
  if (request.fua || pending === 'all') return [whole];
  if (pending === 'none' || random.coin()) return [];
  const torn = pending === 'torn' && random.coin();
  return torn && unit < Number.POSITIVE_INFINITY ? someUnits(request, unit, random) : [whole];
}

/** A random half of the units. They are aligned on the disk, not in the request. */
function someUnits(request: BlockRequest, unit: number, random: Random): SurvivingPart[] {
  const parts: SurvivingPart[] = [];
  for (let from = 0; from < request.length; ) {
    const to = Math.min(from + unit - ((request.offset + from) % unit), request.length);
    if (random.coin()) parts.push({ request, from, to });
    from = to;
  }
  return parts;
}

/**
 * Chooses `count` different states with positions from `begin` to `end`, spread evenly, in the order of their
 * positions. If there are enough, every prefix of the log is among them, both with all pending requests and
 * with none.
 */
export function chooseStates(
  requests: readonly BlockRequest[],
  { begin, end }: { begin: number; end: number },
  count: number,
  seed: number,
): CrashState[] {
  const positions = end - begin + 1;
  const random = new Random(seed);
  const chosen = new Map<string, CrashState>();
  const choose = (position: number, pending: Pending) => {
    // With nothing pending there is one state only. `all` and `none` are not random.
    const choice = pendingAt(requests, position).length > 0 ? pending : 'all';
    const state = { position, pending: choice, seed: random.below(2 ** 31) };
    const fixed = choice === 'all' || choice === 'none';
    chosen.set(fixed ? `${position} ${choice}` : `${position} ${choice} ${state.seed}`, state);
  };
  if (count > 2 * positions) {
    for (let position = begin; position <= end; position++) {
      choose(position, 'all');
      choose(position, 'none');
    }
  }
  // A short log may not have so many different states.
  for (let attempt = 0; chosen.size < count && attempt < 4 * count; attempt++) {
    const position = begin + Math.floor(((attempt % count) + random.next()) * (positions / count));
    choose(Math.min(position, end), RANDOM[random.below(RANDOM.length)] ?? 'all');
  }
  return [...chosen.values()].sort((a, b) => a.position - b.position);
}

/** What a systematic choice has of a log. */
export interface Systematic {
  states: CrashState[];
  /** How many prefixes the log has. All of them are among the states. */
  prefixes: number;
  /** How many of them are there with every subset of their pending requests. */
  exhaustive: number;
}

/**
 * Chooses every prefix of the log from `begin` to `end`, each with every subset of its pending requests, as ALICE and
 * CrashMonkey do. Where more than `mostPending` are pending, with all of them and with none.
 */
export function everyState(
  requests: readonly BlockRequest[],
  { begin, end }: { begin: number; end: number },
  mostPending: number,
): Systematic {
  const states: CrashState[] = [];
  let exhaustive = 0;
  for (let position = begin; position <= end; position++) {
    const pending = pendingAt(requests, position).length;
    if (pending > mostPending) {
      states.push({ position, pending: 'all', seed: 0 }, { position, pending: 'none', seed: 0 });
      continue;
    }
    exhaustive++;
    for (let seed = 0; seed < 2 ** pending; seed++) states.push({ position, pending: 'subset', seed });
  }
  return { states, prefixes: end - begin + 1, exhaustive };
}

/** The requests of a prefix that may be lost. */
export function pendingAt(requests: readonly BlockRequest[], position: number): BlockRequest[] {
  return requests
    .slice(durableCount(requests, position), position)
    .filter(({ length, fua }) => length > 0 && !fua);
}

/** The state as one word, for the command line: `POSITION:PENDING:SEED`. */
export function formatState({ position, pending, seed }: CrashState): string {
  return `${position}:${pending}:${seed}`;
}

/** @throws {Error} if `text` is not in the form of `formatState`. */
export function parseState(text: string): CrashState {
  const [position = '', given = '', seed = '', ...rest] = text.split(':');
  const pending = PENDING.find((one) => one === given);
  if (!/^\d+$/.test(position) || !/^\d+$/.test(seed) || pending === undefined || rest.length > 0) {
    throw new Error(`not a crash state: ${text} (expected POSITION:${PENDING.join('|')}:SEED)`);
  }
  return { position: Number(position), pending, seed: Number(seed) };
}
