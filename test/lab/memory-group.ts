import { constants, mkdirSync, openSync, rmdirSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The controllers of cgroup version 2 and 1, and what frees the memory of one group
 * (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst).
 */
const CONTROLLERS = [
  { root: '/sys/fs/cgroup', file: 'memory.reclaim', value: '1G' },
  { root: '/sys/fs/cgroup/memory', file: 'memory.force_empty', value: '0' },
] as const;

/**
 * Moves this process into a new cgroup, so that its caches can be freed and those of other processes stay.
 *
 * @param name of the group. clean-up.sh removes that of a workspace.
 * @returns what frees the group's caches; undefined if the machine has no such groups, or none for this user.
 */
export function joinMemoryGroup(name: string): (() => void) | undefined {
  for (const { root, file, value } of CONTROLLERS) {
    const group = join(root, name);
    try {
      mkdirSync(group);
    } catch {
      continue;
    }
    try {
      const reclaim = openSync(join(group, file), constants.O_WRONLY);
      writeFileSync(join(group, 'cgroup.procs'), String(process.pid));
      return () => {
        try {
          writeSync(reclaim, value);
        } catch {
          // EAGAIN: less could be freed.
        }
      };
    } catch {
      rmdirSync(group);
    }
  }
  return undefined;
}
