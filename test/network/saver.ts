/**
 * Saves version after version to each of its files until its input ends, and then lets every save settle. Prints what
 * became of each save when it knows.
 *     argument: a SaverTask as JSON
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Durability, save } from 'indelible';
import { contentOf } from '../lab/content.js';

export interface SaverTask {
  directory: string;
  names: readonly string[];
  recipe: keyof typeof RECIPES;
  durability: Durability;
}

/** What a saver prints, a line each. */
export type Line =
  | { name: string; version: number; event: 'saved' }
  | { name: string; version: number; event: 'failed'; code?: unknown; published?: unknown; message: string };

const { directory, names, recipe, durability } = JSON.parse(process.argv[2] ?? '') as SaverTask;

/** `save`, and the controls: what breaks a promise must be seen. */
const RECIPES = {
  save: async (name: string, version: number): Promise<void> => {
    await save(join(directory, name), newContent(name, version), { durability });
    tell({ name, version, event: 'saved' });
  },
  'writes in place': async (name: string, version: number): Promise<void> => {
    const content = newContent(name, version);
    const file = await open(join(directory, name), 'w');
    try {
      await file.write(content, 0, content.length / 2, 0);
      await file.datasync();
      await file.write(content, content.length / 2, null, content.length / 2);
      await file.datasync();
    } finally {
      await file.close();
    }
    tell({ name, version, event: 'saved' });
  },
  'acknowledges early': async (name: string, version: number): Promise<void> => {
    tell({ name, version, event: 'saved' });
    await save(join(directory, name), newContent(name, version), { durability });
  },
} as const;

/** Of different lengths, and longer than what GlusterFS and sshfs write at once. */
function newContent(name: string, version: number): Buffer {
  return contentOf(name, version, 140_000 + 1024 * (version % 60));
}

function tell(line: Line): void {
  console.log(JSON.stringify(line));
}

/** So that an error that comes at once does not keep the processor busy. */
const PAUSE_AFTER_ERROR_MS = 20;

let ending = false;

async function saveVersions(name: string): Promise<void> {
  for (let version = 1; !ending; version++) {
    try {
      await RECIPES[recipe](name, version);
    } catch (error) {
      const { code, published } = error as { code?: unknown; published?: unknown };
      tell({ name, version, event: 'failed', code, published, message: String(error) });
      await pause(PAUSE_AFTER_ERROR_MS);
    }
  }
}

process.stdin.resume().once('end', () => {
  ending = true;
});
await Promise.all(names.map(saveVersions));
