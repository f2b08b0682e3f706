import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  SYNC_FILE_RANGE_WAIT_AFTER,
  SYNC_FILE_RANGE_WAIT_BEFORE,
  SYNC_FILE_RANGE_WRITE,
  syncDirectory,
  syncFileRange,
} from 'indelible/primitives';
import type { Outcome } from './scenario.js';

/** Starts the writeback of the whole file and waits until the device has the data. */
export const WRITE_BACK = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
/** Starts the writeback and does not wait. */
export const START_WRITE_BACK = SYNC_FILE_RANGE_WRITE;

let temporaries = 0;

/**
 * The single-commit protocol. The library itself uses it only where it has proof that it is safe.
 *
 * @param flags for `syncFileRange`.
 */
export async function saveBySingleCommit(path: string, content: Buffer, flags: number): Promise<Outcome> {
  const temporary = `${path}.temporary-${temporaries++}`;
  const file = await open(temporary, 'wx');
  try {
    await file.writeFile(content);
    await syncFileRange(file.fd, 0, 0, flags);
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
  return { durability: 'durable' };
}
