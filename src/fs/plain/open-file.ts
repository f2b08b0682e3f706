import { constants } from 'node:fs';
import type { Steps } from '../steps.js';
import { open } from './plain-fs.js';

// O_NOFOLLOW and O_NONBLOCK are missing on Windows. A FIFO that somebody has just put there must not block.
const STANDING = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
// FlushFileBuffers asks for the right to write; fdatasync(2) does not, and a file without that right is to be synced too.
const SYNCING = process.platform === 'win32' ? constants.O_RDWR : constants.O_RDONLY;

/** Opens what stands under a name, and not what a symbolic link there leads to, to read it. */
export function openToRead(path: Buffer): Steps<number> {
  return open(path, constants.O_RDONLY | STANDING);
}

/** The same, to make its content durable. */
export function openToSync(path: Buffer): Steps<number> {
  return open(path, SYNCING | STANDING);
}
