import { posix } from 'node:path';
import type { Machine } from './machine.js';

/**
 * What the kernel calls a block device, `nvme0n1p2` or `dm-0`: the name under which ext4, jbd2 and XFS list the
 * filesystem on it in `/proc/fs` and `/sys/fs`.
 */
export function blockDeviceName(machine: Machine, major: number, minor: number): string | undefined {
  const path = machine.follow(`/sys/dev/block/${major}:${minor}`);
  return path === undefined ? undefined : posix.basename(path);
}
