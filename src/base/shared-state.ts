import { channel } from 'node:diagnostics_channel';
import type { Saved } from './save-request.js';
import { Semaphore } from './semaphore.js';
import { version } from './version.js';

/** Saves under way hold two descriptors each, of which a process commonly has 1024. Node's pool has four threads: more gain nothing. */
const SAVES_AT_ONCE = 64;

/** Updates under way hold up to four descriptors each. */
const UPDATES_AT_ONCE = 64;

/** A save that was called and has not ended. */
export interface Pending {
  readonly result: Promise<Saved>;
  /** Resolves when the save has ended, whether it succeeded or failed. */
  readonly over: Promise<void>;
  /** Publishes the save on the calling thread, for a `saveSync` to the same path. Absent for a streaming save. */
  finishNow?(): void;
}

/** What the portable engine of one thread knows. Worker threads cannot share it: plain JavaScript has nothing that they could. */
export interface SharedState {
  /** The saves that are not over, by path, in the order of the calls. */
  readonly pendingSaves: Map<string, Pending[]>;
  readonly savesAtOnce: Semaphore;
  /**
   * Directories that were made and whose names are not synced yet. A save that finds one of them on its way may finish before
   * the save that made it, and must not rely on that one's sync.
   */
  readonly unsyncedNames: Set<string>;
  /** The updates that are not over, by path. */
  readonly updates: Map<string, Semaphore>;
  readonly updatesAtOnce: Semaphore;
  /** The last number that was handed out. */
  lastNumber: number;
}

const STATE = Symbol.for('indelible.state');

// Kept here as well, since Node forgets a channel that is not referred to.
const holder: object & { [STATE]?: SharedState } = channel(`indelible:portable:${version}`);

/**
 * The same object in every copy of this version of the library that a thread has loaded: two bundles, a CommonJS and an ES
 * copy, a module registry that was reset, another `vm` context. Node has one channel of a name for all of them.
 */
export const shared: SharedState = sharedState();

function sharedState(): SharedState {
  const state = holder[STATE] ?? {
    pendingSaves: new Map(),
    savesAtOnce: new Semaphore(SAVES_AT_ONCE),
    unsyncedNames: new Set(),
    updates: new Map(),
    updatesAtOnce: new Semaphore(UPDATES_AT_ONCE),
    lastNumber: 0,
  };
  holder[STATE] = state;
  return state;
}
