import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach } from 'vitest';
import { shared } from '../src/base/shared-state.js';

/** The mounts of one test. They are unmounted after it. */
export class Mounts {
  readonly #points: string[] = [];

  constructor() {
    // Registered after the scratch directory's own hook and so run before it: vitest runs these hooks in
    // reverse order.
    afterEach(async () => {
      // The look after a first save keeps the mount busy for a moment.
      while (!shared.lookSlot.isIdle) await pause(1);
      for (const point of this.#points.splice(0).reverse()) execFileSync('umount', [point]);
    });
  }

  /** @returns the reason if it could not be mounted, otherwise `undefined`. */
  mount(point: string, args: readonly string[]): string | undefined {
    try {
      execFileSync('mount', [...args, point], { stdio: 'pipe' });
    } catch (error) {
      return `cannot mount here: ${error}`;
    }
    this.#points.push(point);
    return undefined;
  }
}
