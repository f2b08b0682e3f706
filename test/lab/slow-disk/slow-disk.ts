import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { serveBlocks } from '../block-server.js';
import { command } from '../command.js';
import { attachLoop, type Disk, format, type Mounted, mountDevice, sizeOf } from '../filesystems.js';
import { PROJECT_ROOT } from '../project-root.js';
import type { Workspace } from '../workspace.js';

/** Requests that the disk serves at once; it is never the limit. */
const THREADS = 32;

/** What the disk holds at first, and where it writes down its requests (request-log.ts). */
export interface WatchedSlowDisk {
  image: string;
  log: string;
}

/** Shows the disk as a file for a loop device to stand on, and returns the file's path. */
export async function serveSlowDisk(
  workspace: Workspace,
  name: string,
  size: number,
  flushMilliseconds: number,
  watched?: WatchedSlowDisk,
): Promise<string> {
  const plugin = workspace.path('slow-disk.so');
  if (!existsSync(plugin)) {
    const source = join(PROJECT_ROOT, 'test/lab/slow-disk/flush-delay.c');
    await command('cc', '-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-o', plugin, source);
  }
  return serveBlocks(workspace, name, [
    'nbdkit',
    '--exit-with-parent',
    '--threads',
    String(THREADS),
    plugin,
    `size=${size}`,
    `flush-ms=${flushMilliseconds}`,
    ...(watched === undefined ? [] : [`image=${watched.image}`, `log=${watched.log}`]),
  ]);
}

/**
 * A filesystem on a disk in memory whose cache flush takes `flushMilliseconds` (default 5: an ordinary SATA SSD), one
 * flush at a time. What a save costs on it is the number of flushes it waits for.
 */
export async function mountSlowDisk(
  workspace: Workspace,
  name: string,
  disk: Disk,
  flushMilliseconds = 5,
): Promise<Mounted> {
  const file = await serveSlowDisk(workspace, `${name}.disk`, sizeOf(disk), flushMilliseconds);
  const device = await attachLoop(file);
  await format(disk, device);
  return mountDevice(workspace, name, disk, device);
}
