import { execFileSync } from 'node:child_process';
import { afterEach } from 'vitest';

/** Mounts of one test, taken down after it. */
export class Mounts {
  readonly #points: string[] = [];

  constructor() {
    // Registered behind the scratch directory's own clean-up, hence run before it: vitest goes backwards.
    afterEach(() => {
      for (const point of this.#points.splice(0).reverse()) execFileSync('umount', [point]);
    });
  }

  /** @returns why it could not be mounted, or `undefined` if it is. */
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
