import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect, save } from 'indelible';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { FlushCounter } from '../../bench/measure/flush-counter.js';
import { parseBlockLog, RequestCounter } from './block-log.js';
import { serveBlocks } from './block-server.js';
import { attachLoop, type DiskFormat, format, makeImage, mountDevice, sizeOf } from './filesystems.js';
import { missingFor } from './requirements.js';
import { Workspace } from './workspace.js';

const missing = missingFor('mkfs.ext4', 'mkfs.xfs', 'qemu-nbd', 'nbdfuse');
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
      const image = workspace.path(`${filesystem}.img`);
      const log = workspace.path(`${filesystem}.log`);
      await makeImage(image, sizeOf(disk));
      await makeImage(log, 0);
      const options = `driver=blklogwrites,log-super-update-interval=1,file.driver=file,file.filename=${image},log.driver=file,log.filename=${log}`;
      const served = await serveBlocks(workspace, `${filesystem}.disk`, [
        'qemu-nbd',
        '--image-opts',
        options,
      ]);
      const device = await attachLoop(served);
      await format(disk, device);
      const { directory } = await mountDevice(workspace, filesystem, disk, device);
      const file = join(directory, 'file');
      for (let i = 0; i < 5; i += 1)
        await save(file, 'the first saves detect the features of the filesystem');

      const counter = FlushCounter.under((await inspect(directory)).device);
      assert.ok(counter !== undefined);
      const requests = new RequestCounter(log);
      try {
        const read = () => ({ flushes: counter.now(), requests: requests.now() });
        const before = await whenIdle(read);
        for (let i = 0; i < SAVES; i += 1) await save(file, `version ${i}`);
        const after = await whenIdle(read);
        const counted = after.flushes - before.flushes;
        const logged = parseBlockLog(readFileSync(log))
          .requests.slice(before.requests, after.requests)
          .filter(({ flush, fua }) => flush || fua).length;
        assert.equal(counted, logged);
        assert.ok(counted >= SAVES, `${counted} flushes for ${SAVES} saves`);
      } finally {
        requests.close();
      }
    });
  }
});

/** QEMU logs a flush before the kernel counts it. So the two counters agree only while no flush is in progress. */
async function whenIdle(
  read: () => { flushes: number; requests: number },
): Promise<{ flushes: number; requests: number }> {
  // A busy machine may take long for a flush.
  for (let [last, unchanged] = [read(), 0]; ; ) {
    await sleep(50);
    const now = read();
    const same = now.flushes === last.flushes && now.requests === last.requests;
    unchanged = same ? unchanged + 1 : 0;
    if (unchanged === 10) return now;
    last = now;
  }
}
