import { Semaphore, type Wait } from '../../base/semaphore.js';
import { shared } from '../../base/shared-state.js';
import { FirstTurn, type Turn, type WaitLimit, waitWithLimit } from '../../base/wait-limit.js';
import type { UpdateQueue } from '../engine.js';

/** Orders the updates of one path in this thread. */
export const portableUpdateQueue: UpdateQueue = {
  async run<T>(path: string, limit: WaitLimit, task: (turn: Turn) => Promise<T>): Promise<T> {
    const wait: Wait = (granted, idle) => waitWithLimit(granted, limit, idle);
    const queue = shared.updateQueues.get(path) ?? new Semaphore(1);
    shared.updateQueues.set(path, queue);
    try {
      return await queue.run(() => shared.updateSlots.run(() => task(new FirstTurn()), wait), wait);
    } finally {
      if (queue.isIdle && shared.updateQueues.get(path) === queue) shared.updateQueues.delete(path);
    }
  },

  hasActiveUpdate(path: string): boolean {
    return shared.updateQueues.has(path);
  },
};
