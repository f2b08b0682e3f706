/**
 * A worker thread that repeatedly writes back the volume's dirty pages and drops the kernel's caches, as on a
 * machine that is short of memory.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { workerData } from 'node:worker_threads';

/** The data of the worker thread. */
export interface MemoryPressureData {
  directory: string;
}

const { directory } = workerData as MemoryPressureData;
for (;;) {
  execFileSync('sync', ['--file-system', directory]);
  // 3: page cache, dentries and inodes (Documentation/admin-guide/sysctl/vm.rst).
  writeFileSync('/proc/sys/vm/drop_caches', '3');
}
