import { closeSync, fdatasyncSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The textbook recipe as a program would write it by hand: write, `fdatasync`, rename, `fsync` of the directory. */
export async function saveByHand(path: string, bytes: Uint8Array): Promise<void> {
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

/** The same through the synchronous `fs`. */
export function saveByHandSync(path: string, bytes: Uint8Array): void {
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
