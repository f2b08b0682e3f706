import type { BlockLog, BlockRequest } from './block-log.js';
import { Random } from './random.js';

/**
 * What a power failure can leave on a disk with a volatile cache, told from the log of its requests.
 *
 * The power fails when the first `position` requests have completed. Whatever had completed before the last flush
 * among them is on the medium, and so is every request with forced unit access. Of the rest, the *pending* ones, the
 * disk may have written any part in any order: it keeps or loses each of them, and of a request longer than a sector
 * it may have written some sectors only. Requests that had not completed are taken as lost.
 *
 * Two things real disks may do are left out, so the lab can miss a fault through them but never invents one. The log
 * has the order of completion alone, so a request that completed while a flush was under way counts as covered by it,
 * unless the recording knows better (`covers`).
 * And a request that was under way when the power failed may be on the medium in part; it appears so in the states of
 * the next position.
 */
export interface CrashState {
  /** How many requests had completed. */
  position: number;
  /**
   * Which of the pending requests reached the medium: all of them, none, or a random half; `torn`: a random half, and
   * every other one of these only in part.
   */
  pending: Pending;
  /** For the random choices. */
  seed: number;
}

export const PENDING = ['all', 'none', 'some', 'torn'] as const;
export type Pending = (typeof PENDING)[number];

/** The part of a request that reached the medium, in bytes from the request's start. */
export interface Piece {
  request: BlockRequest;
  from: number;
  to: number;
}

/** What a filesystem takes for granted that the disk writes whole or not at all, and cannot be mounted without. */
export interface Untorn {
  /** Offset of the super block, in bytes. */
  superBlock: number;
  /** Bytes of every other write that are never torn; default: a sector. */
  unit?: number;
}

/** How many requests were made durable by the flushes before `position`. */
export function durableCount(requests: readonly BlockRequest[], position: number): number {
  for (let index = position - 1; index >= 0; index--) {
    const request = requests[index];
    if (request?.flush) return request.covers ?? index;
  }
  return 0;
}

/** What of the requests behind the last flush is on the medium in this state, in the order of the log. */
export function survivingPieces(
  { requests, sectorSize }: BlockLog,
  state: CrashState,
  { superBlock, unit = sectorSize }: Untorn,
): Piece[] {
  const random = new Random(state.seed);
  return requests.slice(durableCount(requests, state.position), state.position).flatMap((request) => {
    const tearable = request.offset > superBlock || request.offset + request.length <= superBlock;
    return survivingParts(request, state.pending, tearable ? unit : Number.POSITIVE_INFINITY, random);
  });
}

function survivingParts(request: BlockRequest, pending: Pending, unit: number, random: Random): Piece[] {
  const whole = { request, from: 0, to: request.length };
  if (request.fua || pending === 'all') return [whole];
  if (pending === 'none' || random.coin()) return [];
  const torn = pending === 'torn' && random.coin();
  return torn && unit < Number.POSITIVE_INFINITY ? someUnits(request, unit, random) : [whole];
}

/** Units lie where the disk has them, wherever the request begins. */
function someUnits(request: BlockRequest, unit: number, random: Random): Piece[] {
  const pieces: Piece[] = [];
  for (let from = 0; from < request.length; ) {
    const to = Math.min(from + unit - ((request.offset + from) % unit), request.length);
    if (random.coin()) pieces.push({ request, from, to });
    from = to;
  }
  return pieces;
}

/**
 * Chooses `count` different states with positions from `begin` to `end`, spread evenly over them, in the order of their
 * positions. With enough of them every prefix of the log is among them, whole and without what was pending.
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
    // With nothing pending there is one state only; neither `all` nor `none` leaves anything to chance.
    const choice = hasPending(requests, position) ? pending : 'all';
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
  // A log too short for so many different states ends the search, not the lab.
  for (let attempt = 0; chosen.size < count && attempt < 4 * count; attempt++) {
    const position = begin + Math.floor(((attempt % count) + random.next()) * (positions / count));
    choose(Math.min(position, end), PENDING[random.below(PENDING.length)] ?? 'all');
  }
  return [...chosen.values()].sort((a, b) => a.position - b.position);
}

function hasPending(requests: readonly BlockRequest[], position: number): boolean {
  return requests
    .slice(durableCount(requests, position), position)
    .some(({ length, fua }) => length > 0 && !fua);
}

/** The state as one word, for the command line. */
export function formatState({ position, pending, seed }: CrashState): string {
  return `${position}:${pending}:${seed}`;
}

/** @throws {Error} if it is not what `formatState` makes. */
export function parseState(text: string): CrashState {
  const [position = '', given = '', seed = '', ...rest] = text.split(':');
  const pending = PENDING.find((one) => one === given);
  if (!/^\d+$/.test(position) || !/^\d+$/.test(seed) || pending === undefined || rest.length > 0) {
    throw new Error(`not a crash state: ${text} (expected POSITION:${PENDING.join('|')}:SEED)`);
  }
  return { position: Number(position), pending, seed: Number(seed) };
}
