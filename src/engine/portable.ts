import {
  type Engine,
  type NameChange,
  type NameChangeRequest,
  type Saved,
  type SaveRequest,
  settled,
} from './engine.js';
import { changeNames } from './portable/name-change.js';
import { orderingKey } from './portable/path-bytes.js';
import { PendingSave } from './portable/pending-save.js';
import { run, runSync } from './portable/steps.js';
import { updateFile } from './portable/update-protocol.js';

/** The saves that are not over, by path, in the order of the calls. */
const pendingSaves = new Map<string, PendingSave[]>();

/**
 * The engine on plain `fs`, for where the addon cannot be loaded. What it cannot do as well as the native one:
 *
 * - Paths are looked up anew by each call, so a parent directory must not be renamed while a save is under way.
 * - It runs on Node's shared worker pool.
 * - The order of saves to one path holds within one thread, not between the worker threads of a process.
 * - A process that ends while a save is pending may leave its temporary behind.
 * - Plain `fs` has no `RENAME_EXCHANGE` and no `RENAME_NOREPLACE`: `exchange` and `renameExclusive` are unsupported.
 * - A directory that may be written but not read cannot be synced: `'ordered'` is the best that can be had there.
 */
export const portableEngine: Engine = {
  name: 'portable',

  async save(request: SaveRequest): Promise<Saved> {
    const key = orderingKey(request.path);
    const queue = pendingSaves.get(key) ?? [];
    const save = new PendingSave(request, queue.at(-1));
    queue.push(save);
    pendingSaves.set(key, queue);
    try {
      return await save.result;
    } finally {
      queue.shift();
      if (queue.length === 0) pendingSaves.delete(key);
    }
  },

  saveSync(request: SaveRequest): Saved {
    for (const earlier of pendingSaves.get(orderingKey(request.path)) ?? []) earlier.finishNow();
    return runSync(updateFile(request));
  },

  saveGroupSync(requests: readonly SaveRequest[]): PromiseSettledResult<Saved>[] {
    return requests.map((request) => settled(() => this.saveSync(request)));
  },

  async changeNames(request: NameChangeRequest): Promise<NameChange> {
    return run(changeNames(request));
  },

  changeNamesSync(request: NameChangeRequest): NameChange {
    return runSync(changeNames(request));
  },
};
