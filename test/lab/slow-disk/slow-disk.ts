import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { serveBlocks } from '../block-server.js';
import { command } from '../command.js';
import { attachLoop, type Disk, format, type Mounted, mountDevice, sizeOf } from '../filesystems.js';
import { PROJECT_ROOT } from '../project-root.js';
import type { Workspace } from '../workspace.js';

/** Concurrent requests of the disk; enough never to be the limit. */
const THREADS = 32;

/** The disk's first content, and where it logs its requests (request-log.ts). */
export interface LoggedSlowDisk {
  image: string;
  log: string;
}

/** Mounts the disk as a file, the backing file of a loop device. Returns the file's path. */
export async function serveSlowDisk(
  workspace: Workspace,
  name: string,
  size: number,
  flushMilliseconds: number,
  logged?: LoggedSlowDisk,
): Promise<string> {
  const plugin = workspace.path('slow-disk.so');
  if (!existsSync(plugin)) {
    const source = join(PROJECT_ROOT, 'test/lab/slow-disk/flush-delay.c');
    await command('cc', '-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-o', plugin, source);
  }
  return serveBlocks(workspace.path(name), [
    'nbdkit',
    '--exit-with-parent',
    '--threads',
    String(THREADS),
    plugin,
    `size=${size}`,
    `flush-ms=${flushMilliseconds}`,
    ...(logged === undefined ? [] : [`image=${logged.image}`, `log=${logged.log}`]),
  ]);
}

/**
 * A filesystem on a disk in memory. A flush of its cache takes `flushMilliseconds` (default 5: an ordinary
 * SATA SSD), one flush at a time. The cost of a save on it is the number of flushes that it waits for.
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
