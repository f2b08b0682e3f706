/** The textbook recipe, written by hand: write, `fdatasync`, rename, `fsync` of the directory. */
import { closeSync, fdatasyncSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function saveByTextbook(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'wx');
  await file.writeFile(bytes);
  await file.datasync();
  await file.close();
  await rename(temporary, path);
  const directory = await open(dirname(path));
  await directory.sync();
  await directory.close();
}

export function saveByTextbookSync(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`;
  const file = openSync(temporary, 'wx');
  writeFileSync(file, bytes);
  fdatasyncSync(file);
  closeSync(file);
  renameSync(temporary, path);
  const directory = openSync(dirname(path), 'r');
  fsyncSync(directory);
  closeSync(directory);
}
