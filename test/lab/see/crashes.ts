import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeFound, MISSING, UNMOUNTABLE } from '../../../docs/see-it-work/settings-file.js';
import { type CrashState, durableCount, type Pending, survivingParts } from '../crash-states.js';
import { untornOf } from '../mounts.js';
import { Random } from '../random.js';
import { type LoggedDisk, mountEach } from '../replay.js';
import type { Workspace } from '../workspace.js';
import { NEIGHBOUR_FILE, SETTINGS_FILE, WARM_UP_FILE } from './files.js';

/** The settings file in one crash state. */
export interface Left {
  /** The content at the file's path, in the form of `encodeFound`. */
  found: string;
  /** Whether there was an unexpected file, a temporary. */
  litter: boolean;
}

/** The states of one position. The lab takes all of them as equally likely. */
export interface CrashesAt {
  states: readonly Left[];
  /** If the disk keeps everything that was in its cache. */
  all: Left;
  /** If it keeps nothing of it. */
  none: Left;
}

const EXPECTED = new Set(['lost+found', SETTINGS_FILE, WARM_UP_FILE, NEIGHBOUR_FILE]);

/**
 * Crashes at every position from `begin` to `end`: with everything in the disk's cache kept, with nothing of
 * it kept, and `draws` times each with a random part of it, of whole requests and of torn ones. An empty
 * cache has one state only. Equal disks are mounted once.
 */
export async function crashEverywhere(
  workspace: Workspace,
  disk: LoggedDisk,
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
  await mountEach(workspace, disk, [...byState.keys()], undefined, (state, mounted) => {
    const left = 'refusal' in mounted ? { found: UNMOUNTABLE, litter: false } : lookAt(mounted.directory);
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
 * Names the bytes that are on the medium in this state: the number of whole requests from the beginning of
 * the log, and the parts of later requests. Two states with the same name are the same disk.
 */
function diskOf({ log, mount }: LoggedDisk, state: CrashState): string {
  const surviving = new Map(survivingParts(log, state, untornOf(mount)).map((part) => [part.request, part]));
  const parts: string[] = [];
  let whole = durableCount(log.requests, state.position);
  for (let index = whole; index < state.position; index++) {
    const request = log.requests[index];
    const part = request === undefined ? undefined : surviving.get(request);
    const complete = request?.length === 0 || (part?.from === 0 && part.to === request?.length);
    if (complete && whole === index) whole++;
    else if (part !== undefined && part.to > part.from) parts.push(`${index}:${part.from}-${part.to}`);
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
