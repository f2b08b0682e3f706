import { statfsSync } from 'node:fs';

/** Only root can set up some things: mounts, other owners, device nodes. */
export const isRoot = process.getuid?.() === 0;

/** A user and group without any rights (nobody and nogroup). */
export const NOBODY = 65534;

/** A directory in memory on Linux. */
export const MEMORY = '/dev/shm';

const TMPFS = 0x0102_1994;

export function isInMemory(path: string): boolean {
  return statfsSync(path).type === TMPFS;
}
