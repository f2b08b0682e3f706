import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect, save } from 'indelible';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { FlushCounter } from '../../bench/measure/flush-counter.js';
import { serveBlocks } from './block-server.js';
import { attachLoop, type DiskFormat, format, mountDevice, sizeOf } from './filesystems.js';
import { missingFor } from './requirements.js';
import { Workspace } from './workspace.js';

const missing = missingFor('mkfs.ext4', 'mkfs.xfs', 'nbdkit', 'nbdfuse');
if (missing !== undefined) process.stderr.write(`flush-count.test.ts is skipped: ${missing}\n`);

const SAVES = 20;

describe.skipIf(missing !== undefined)('the flush count of the benchmark', () => {
  let workspace: Workspace;
  beforeAll(async () => {
    workspace = await Workspace.create();
  });
  afterAll(async () => {
    await workspace.remove();
  });

  for (const filesystem of ['ext4', 'xfs'] satisfies DiskFormat[]) {
    it(`equals the number of flushes that arrive at the disk, on ${filesystem}`, async () => {
      const disk = { format: filesystem };
      const log = workspace.path(`${filesystem}.log`);
      // Not QEMU, which leaves out a flush if nothing was written since the one before.
      const served = await serveBlocks(workspace.path(`${filesystem}.disk`), [
        ...['nbdkit', '--exit-with-parent', '--filter=log', 'memory'],
        ...[`${sizeOf(disk)}`, `logfile=${log}`],
      ]);
      const device = await attachLoop(served);
      await format(disk, device);
      const { directory } = await mountDevice(workspace, filesystem, disk, device);
      const file = join(directory, 'file');
      for (let i = 0; i < 5; i += 1)
        await save(file, 'the first saves detect the features of the filesystem');

      const counter = FlushCounter.under((await inspect(directory)).device);
      assert.ok(counter !== undefined);
      const read = () => ({ counted: counter.now(), logged: flushesIn(log) });
      const before = await whenIdle(read);
      for (let i = 0; i < SAVES; i += 1) await save(file, `version ${i}`);
      const after = await whenIdle(read);
      const counted = after.counted - before.counted;
      assert.equal(counted, after.logged - before.logged);
      assert.ok(counted >= SAVES, `${counted} flushes for ${SAVES} saves`);
    });
  }
});

/** The flushes, and the writes with forced unit access, that the disk has completed (nbdkit-log-filter(1)). */
function flushesIn(log: string): number {
  const lines = readFileSync(log, 'utf8').split('\n');
  return lines.filter((line) => /\bFlush id=\d+ return=0|\bWrite id=\d+ .*fua=1/.test(line)).length;
}

interface Flushes {
  counted: number;
  logged: number;
}

/** The disk logs a flush before the kernel counts it. So the two agree only while no flush is in progress. */
async function whenIdle(read: () => Flushes): Promise<Flushes> {
  // A busy machine may take long for a flush.
  for (let [last, unchanged] = [read(), 0]; ; ) {
    await sleep(50);
    const now = read();
    unchanged = now.counted === last.counted && now.logged === last.logged ? unchanged + 1 : 0;
    if (unchanged === 10) return now;
    last = now;
  }
}
