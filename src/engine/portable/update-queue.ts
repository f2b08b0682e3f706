import { Semaphore, type Wait } from '../../base/semaphore.js';
import { shared } from '../../base/shared-state.js';
import { type WaitLimit, waitWithLimit } from '../../base/wait-limit.js';
import type { UpdateQueue } from '../engine.js';

/** The order of the updates that this thread makes of one path. */
export const portableUpdateQueue: UpdateQueue = {
  async run<T>(path: string, patience: WaitLimit, task: () => Promise<T>): Promise<T> {
    const wait: Wait = (granted, idle) => waitWithLimit(granted, patience, idle);
    const queue = shared.updates.get(path) ?? new Semaphore(1);
    shared.updates.set(path, queue);
    try {
      return await queue.run(() => shared.updatesAtOnce.run(task, wait), wait);
    } finally {
      if (queue.unused && shared.updates.get(path) === queue) shared.updates.delete(path);
    }
  },

  hasOwn(path: string): boolean {
    return shared.updates.has(path);
  },
};
