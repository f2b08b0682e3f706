/**
 * A worker thread that repeatedly writes back the volume's dirty pages and has the kernel free the memory of its caches,
 * as on a machine that is short of memory.
 */
import { openSync, writeFileSync } from 'node:fs';
import { syncfsSync } from 'indelible/primitives';
import { joinMemoryGroup } from './memory-group.js';
import { receiveTask } from './worker-task.js';

/** The task of the worker thread. */
export interface MemoryPressureData {
  directory: string;
  /** The name of a new cgroup, which alone is short of memory. Without one, the whole machine is. */
  group?: string;
}

/** Milliseconds. */
const PAUSE = 10;

const { directory, group } = (await receiveTask()) as MemoryPressureData;
const pause = new Int32Array(new SharedArrayBuffer(4));
const volume = openSync(directory, 'r');
const free = (group === undefined ? undefined : joinMemoryGroup(group)) ?? dropCaches;
for (;;) {
  syncfsSync(volume);
  free();
  Atomics.wait(pause, 0, 0, PAUSE);
}

/** 3: page cache, dentries and inodes (Documentation/admin-guide/sysctl/vm.rst). */
function dropCaches(): void {
  writeFileSync('/proc/sys/vm/drop_caches', '3');
}
