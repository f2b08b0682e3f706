import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { save, saveAllSync } from '../../src/index.js';
import { nativeUnavailable } from '../engines.js';
import { missingFor } from '../lab/requirements.js';
import { mountSlowDisk } from '../lab/slow-disk/slow-disk.js';
import { Workspace } from '../lab/workspace.js';

const missing =
  missingFor('mkfs.ext4', 'mkfs.xfs', 'mkfs.btrfs', 'nbdkit', 'nbdfuse') ??
  (nativeUnavailable === undefined ? undefined : 'needs the native engine');
if (missing !== undefined) process.stderr.write(`group-commit.test.ts is skipped: ${missing}\n`);

/**
 * Flushes that the kernel has sent to the device since it was created (Documentation/block/stat.rst, the 16th
 * field).
 */
function flushesOf(device = ''): number {
  const fields = readFileSync(`/sys/block/${basename(device)}/stat`, 'utf8')
    .trim()
    .split(/\s+/);
  return Number(fields[15]);
}

describe.skipIf(missing !== undefined)('durable saves on a disk whose flush takes 5 ms', () => {
  let workspace: Workspace;

  beforeAll(async () => {
    workspace = await Workspace.create();
  });
  afterAll(async () => {
    await workspace.remove();
  });

  for (const format of ['ext4', 'xfs'] as const) {
    it(`share their commits when 64 are called concurrently, on ${format}`, async () => {
      const { directory, device } = await mountSlowDisk(workspace, format, { format });
      // The first saves find out what the filesystem can do, and how long a commit takes.
      for (let i = 0; i < 5; i += 1) await save(join(directory, 'first'), 'content');
      const before = flushesOf(device);
      await Promise.all(Array.from({ length: 64 }, (_, i) => save(join(directory, `file${i}`), 'content')));
      const flushes = flushesOf(device) - before;
      // Separate saves need 128. On an idle machine these need 2 to 4.
      assert.ok(flushes >= 2 && flushes <= 32, `${flushes} flushes`);
    });

    it(`wait for others that have begun, to share one commit, on ${format}`, async () => {
      const { directory, device } = await mountSlowDisk(workspace, `${format}-four`, { format }, 50);
      for (let i = 0; i < 5; i += 1) await save(join(directory, 'first'), 'content');
      // Which saves are being written when the first is ready depends on the load of the machine, so one of
      // several rounds is enough. A leader that does not wait needs four flushes nearly always.
      const flushes: number[] = [];
      for (let round = 0; round < 8; round += 1) {
        const before = flushesOf(device);
        await Promise.all(Array.from({ length: 4 }, (_, i) => save(join(directory, `file${i}`), 'content')));
        flushes.push(flushesOf(device) - before);
      }
      assert.ok(flushes.includes(2), `${flushes} flushes`);
    });
  }

  for (const [format, mkfs] of [
    ['btrfs', []],
    ['ext4', ['-O', '^has_journal']],
  ] as const) {
    it(`are synced together by one syncfs, on ${format} ${mkfs.join(' ')}`, async () => {
      const { directory, device } = await mountSlowDisk(workspace, `${format}-together`, { format, mkfs });
      // btrfs syncs the names together as well.
      const parents = Array.from({ length: 32 }, (_, i) =>
        format === 'btrfs' ? join(directory, `${i}`) : directory,
      );
      for (const parent of parents) mkdirSync(parent, { recursive: true });
      // The first group of its size is synced by syncfs, to learn how long that takes.
      const before = flushesOf(device);
      saveAllSync(parents.map((parent, i) => ({ path: join(parent, `file${i}`), data: 'content' })));
      const flushes = flushesOf(device) - before;
      // A sync of each file needs 32 at least.
      assert.ok(flushes >= 2 && flushes <= 8, `${flushes} flushes`);
    });
  }
});
