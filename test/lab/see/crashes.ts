import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeFound, MISSING, UNMOUNTABLE } from '../../../docs/see-it-work/settings-file.js';
import { type CrashState, durableCount, type Pending, survivingPieces } from '../crash-states.js';
import { untornOf } from '../mounts.js';
import { Random } from '../random.js';
import { lookInto, type WatchedDisk } from '../replay.js';
import type { Workspace } from '../workspace.js';
import { NEIGHBOUR_FILE, SETTINGS_FILE, WARM_UP_FILE } from './files.js';

/** What one crash state left. */
export interface Left {
  /** Under the file's name, in the form of `encodeFound`. */
  found: string;
  /** Whether there was a file that nobody knows, a temporary. */
  litter: boolean;
}

/** The states of one position, all equally likely as far as the lab knows. */
export interface CrashesAt {
  states: readonly Left[];
  /** If the disk keeps everything that was in its cache. */
  all: Left;
  /** If it keeps nothing of it. */
  none: Left;
}

const EXPECTED = new Set(['lost+found', SETTINGS_FILE, WARM_UP_FILE, NEIGHBOUR_FILE]);

/**
 * Crashes at every position from `begin` to `end`: with all that was in the disk's cache, with nothing of it, and `draws`
 * times each with a random part of it, whole requests and torn ones. Where the cache was empty there is one state.
 * States whose disks are the same are mounted once.
 */
export async function crashEverywhere(
  workspace: Workspace,
  disk: WatchedDisk,
  { begin, end }: { begin: number; end: number },
  { draws, seed }: { draws: number; seed: number },
): Promise<CrashesAt[]> {
  const random = new Random(seed);
  const draw: Pending[] = Array.from({ length: draws }, (): Pending[] => ['some', 'torn']).flat();
  const mounted = new Map<string, { state: CrashState; left?: Left }>();
  const positions: { keys: string[]; all: string; none: string }[] = [];
  for (let position = begin; position <= end; position++) {
    const choose = (pending: Pending) => {
      const state = { position, pending, seed: random.below(2 ** 31) };
      const key = diskOf(disk, state);
      if (!mounted.has(key)) mounted.set(key, { state });
      return key;
    };
    const [all, none] = [choose('all'), choose('none')];
    positions.push({ keys: all === none ? [all] : [all, none, ...draw.map(choose)], all, none });
  }

  const byState = new Map([...mounted.values()].map((entry) => [entry.state, entry]));
  await lookInto(workspace, disk, [...byState.keys()], undefined, (state, seen) => {
    const left = 'refusal' in seen ? { found: UNMOUNTABLE, litter: false } : lookAt(seen.directory);
    const entry = byState.get(state);
    if (entry !== undefined) entry.left = left;
  });
  const leftBy = (key: string): Left => {
    const left = mounted.get(key)?.left;
    if (left === undefined) throw new Error('a state was not mounted');
    return left;
  };
  return positions.map(({ keys, all, none }) => ({
    states: keys.map(leftBy),
    all: leftBy(all),
    none: leftBy(none),
  }));
}

/**
 * Says which bytes are on the medium in this state: how many requests of the log from its beginning, and which pieces
 * behind these. Two states of which it says the same are the same disk.
 */
function diskOf({ log, mount }: WatchedDisk, state: CrashState): string {
  const pieces = new Map(survivingPieces(log, state, untornOf(mount)).map((piece) => [piece.request, piece]));
  const parts: string[] = [];
  let whole = durableCount(log.requests, state.position);
  for (let index = whole; index < state.position; index++) {
    const request = log.requests[index];
    const piece = request === undefined ? undefined : pieces.get(request);
    const complete = request?.length === 0 || (piece?.from === 0 && piece.to === request?.length);
    if (complete && whole === index) whole++;
    else if (piece !== undefined && piece.to > piece.from) parts.push(`${index}:${piece.from}-${piece.to}`);
  }
  return [whole, ...parts].join(' ');
}

function lookAt(directory: string): Left {
  const litter = readdirSync(directory).some((name) => !EXPECTED.has(name));
  try {
    return { found: encodeFound(readFileSync(join(directory, SETTINGS_FILE))), litter };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT')
      return { found: MISSING, litter };
    throw error;
  }
}
