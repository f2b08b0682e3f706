import type { Addon } from '../../addon/addon.js';
import { type Turn, type WaitLimit, waitWithLimit } from '../../base/wait-limit.js';
import type { UpdateQueue } from '../engine.js';

/**
 * Orders the updates of one path in the addon, for all threads of the process and every copy of the library.
 */
export class NativeUpdateQueue implements UpdateQueue {
  readonly #addon: Addon;

  constructor(addon: Addon) {
    this.#addon = addon;
  }

  async run<T>(path: string, limit: WaitLimit, task: (turn: Turn) => Promise<T>): Promise<T> {
    const ticket = this.#addon.issueTicket();
    const turn: Turn = {
      waited: () => this.#addon.updateWaited(ticket),
      hold: (holds) => this.#addon.holdUpdate(ticket, holds),
    };
    const granted = this.#addon.joinUpdates(ticket, path);
    try {
      if (granted !== undefined) await waitWithLimit(granted, limit, turn.waited);
      return await task(turn);
    } finally {
      this.#addon.leaveUpdates(ticket);
    }
  }

  hasActiveUpdate(path: string): boolean {
    return this.#addon.hasUpdates(path);
  }
}
