import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach } from 'vitest';
import { isInMemory } from './machine.js';

/**
 * The directory that the network lab names in `INDELIBLE_TESTS_IN`, otherwise a directory on a disk, where a save can
 * be durable. The system's temporary directory may be in memory.
 */
function directoryOnDisk(): string {
  const { INDELIBLE_TESTS_IN: given } = process.env;
  if (given !== undefined) return given;
  return [realpathSync(tmpdir()), process.cwd()].find((path) => !isInMemory(path)) ?? process.cwd();
}

/** A new directory for each test of the file, removed after it. */
export class ScratchDirectory {
  #path = '';

  constructor(parent: () => string = directoryOnDisk) {
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

  /** Waits until the temporary of an aborted call is removed: the call may reject before, on a slow machine. */
  async withoutTemporaries(): Promise<void> {
    while (this.temporaries().length > 0) await sleep(5);
  }

  /** The names of temporaries that were left behind. */
  temporaries(): string[] {
    return readdirSync(this.#path).filter((name) => name.startsWith('.indelible-'));
  }
}
