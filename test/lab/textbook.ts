import { open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The steps of the textbook's recipe, from Node's `fs` alone, for the controls to leave out or to put in another order. */

let temporaries = 0;

/** Writes a temporary beside `path`, and syncs it if asked to; returns its path. */
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
