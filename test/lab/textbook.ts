import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Outcome } from './scenario.js';

/**
 * The textbook recipe, written by hand on Node's `fs`: sync a temporary, rename it, sync the directory. The
 * controls and experiments leave out some of its steps or change their order.
 */
export async function saveByTextbook(path: string, content: Buffer): Promise<Outcome> {
  await rename(await writeTemporary(path, content, true), path);
  await syncDirectoryOf(path);
  return { durability: 'durable' };
}

let temporaries = 0;

/**
 * Writes a temporary beside `path`.
 *
 * @param sync whether the temporary is synced.
 * @returns the path of the temporary.
 */
export async function writeTemporary(path: string, content: Buffer, sync: boolean): Promise<string> {
  const temporary = `${path}.temporary-${temporaries++}`;
  const file = await open(temporary, 'wx');
  try {
    await file.writeFile(content);
    if (sync) await file.datasync();
  } finally {
    await file.close();
  }
  return temporary;
}

export async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function syncDirectoryOf(path: string): Promise<void> {
  await sync(dirname(path));
}
