import { channel } from 'node:diagnostics_channel';
import type { Saved } from './save-request.js';
import { Semaphore } from './semaphore.js';
import { version } from './version.js';

/**
 * A running save holds two descriptors. The limit of a process is commonly 1024. Node's pool has four
 * threads, so more saves at once bring no further gain.
 */
const MAX_CONCURRENT_SAVES = 64;

/** A running update holds up to four descriptors. */
const MAX_CONCURRENT_UPDATES = 64;

/** A save in a path queue: it was called and has not ended. */
export interface QueuedSave {
  readonly result: Promise<Saved>;
  /** Resolves when the save has ended, whether it succeeded or failed. */
  readonly settled: Promise<void>;
  /**
   * Publishes the save on the calling thread, before a `saveSync` to the same path. Absent for a streaming
   * save.
   */
  finishSync?(): void;
  /** Its signal is aborted. @returns whether it is certain that the save publishes nothing. */
  cancel(): boolean;
}

export interface UnsyncedDirectory {
  /** The calls in progress that make an entry in it. */
  makers: number;
  /** Another number before and after each of them. */
  change: number;
}

/**
 * The state of one thread: that of the portable engine, and where leftovers were looked for. Plain JavaScript
 * has no means to share such state between worker threads.
 */
export interface SharedState {
  /** The path queues: the saves that have not ended, by path, in the order of the calls. */
  readonly pathQueues: Map<string, QueuedSave[]>;
  readonly saveSlots: Semaphore;
  /**
   * Directories with entries that no sync has covered, by device and inode
   * (`src/fs/plain/unsynced-directories.ts`).
   */
  readonly unsyncedDirectories: Map<string, UnsyncedDirectory>;
  /** More of them than are remembered: every directory counts as unsynced. */
  unsyncedOverflowed: boolean;
  /** The updates that have not ended, by path. */
  readonly updateQueues: Map<string, Semaphore>;
  readonly updateSlots: Semaphore;
  /** One slot, for a save that found no free descriptor and tries again. */
  readonly descriptorRetry: Semaphore;
  /** The directories in which leftovers were looked for, by path (`src/api/first-look.ts`). */
  readonly lookedAt: Set<string>;
  /** The paths that were last saved to in them. */
  readonly pathsLookedAt: Set<string>;
  /** One slot, for a look. */
  readonly lookSlot: Semaphore;
  /** When a save last succeeded: `now()` of `clock.ts`. */
  lastSavedAt: number;
  /** The last number that `Engine.issueId` returned. */
  lastId: number;
}

const STATE = Symbol.for('indelible.state');

// The reference keeps the channel alive: Node drops a channel that has no references.
const holder: object & { [STATE]?: SharedState } = channel(`indelible:portable:${version}`);

/**
 * The same object in every copy of this version of the library in a thread: two bundles, a CommonJS and an ES
 * copy, a module registry that was reset, another `vm` context. All of them get the same channel from Node
 * for a name.
 */
export const shared: SharedState = sharedState();

function sharedState(): SharedState {
  const state = holder[STATE] ?? {
    pathQueues: new Map(),
    saveSlots: new Semaphore(MAX_CONCURRENT_SAVES),
    unsyncedDirectories: new Map(),
    unsyncedOverflowed: false,
    updateQueues: new Map(),
    updateSlots: new Semaphore(MAX_CONCURRENT_UPDATES),
    descriptorRetry: new Semaphore(1),
    lookedAt: new Set(),
    pathsLookedAt: new Set(),
    lookSlot: new Semaphore(1),
    lastSavedAt: 0,
    lastId: 0,
  };
  holder[STATE] = state;
  return state;
}
