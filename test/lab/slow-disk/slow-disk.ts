import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { serveBlocks } from '../block-server.js';
import { command } from '../command.js';
import { attachLoop, type Disk, format, type Mounted, mountDevice, sizeOf } from '../filesystems.js';
import { PROJECT_ROOT } from '../project-root.js';
import type { Workspace } from '../workspace.js';

/** Requests that the disk serves at once; it is never the limit. */
const THREADS = 32;

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
  const plugin = workspace.path('slow-disk.so');
  if (!existsSync(plugin)) {
    const source = join(PROJECT_ROOT, 'test/lab/slow-disk/flush-delay.c');
    await command('cc', '-O2', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC', '-o', plugin, source);
  }
  const file = await serveBlocks(workspace, `${name}.disk`, [
    'nbdkit',
    '--exit-with-parent',
    '--threads',
    String(THREADS),
    plugin,
    `size=${sizeOf(disk)}`,
    `flush-ms=${flushMilliseconds}`,
  ]);
  const device = await attachLoop(file);
  await format(disk, device);
  return mountDevice(workspace, name, disk, device);
}
