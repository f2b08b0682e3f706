import { mkdtempSync, readdirSync, realpathSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

const TMPFS = 0x0102_1994;

/** A place on a disk, where a save can be durable: the system's temporary directory may live in memory. */
function base(): string {
  return [realpathSync(tmpdir()), process.cwd()].find((path) => !isInMemory(path)) ?? process.cwd();
}

export function isInMemory(path: string): boolean {
  return statfsSync(path).type === TMPFS;
}

/** A new directory for each test of the file, removed after it. */
export class ScratchDirectory {
  #path = '';

  constructor(parent: () => string = base) {
    beforeEach(() => {
      this.#path = mkdtempSync(join(parent(), 'indelible-test-'));
    });
    afterEach(() => {
      rmSync(this.#path, { recursive: true, force: true });
    });
  }

  get path(): string {
    return this.#path;
  }

  at(...names: string[]): string {
    return join(this.#path, ...names);
  }

  /** Names of the temporaries that were left behind. */
  temporaries(): string[] {
    return readdirSync(this.#path).filter((name) => name.startsWith('.indelible-'));
  }
}
