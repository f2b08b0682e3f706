import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, it } from 'vitest';
import { isRoot } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { saveAs } from './call-as.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();
let server: Server | undefined;

afterEach(() => {
  server?.close();
  server = undefined;
});

const REFUSED = { code: 'ERR_INDELIBLE_NOT_A_FILE', published: false };

for (const { name, save } of forms) {
  describe(`${name} leaves alone`, () => {
    it('a FIFO, without waiting for its other end', async () => {
      execFileSync('mkfifo', [scratch.at('fifo')]);
      await assert.rejects(save(scratch.at('fifo'), 'new'), { ...REFUSED, path: scratch.at('fifo') });
      assert.equal(lstatSync(scratch.at('fifo')).isFIFO(), true);
      assert.deepEqual(scratch.temporaries(), []);
    });

    it('a FIFO behind a symbolic link', async () => {
      execFileSync('mkfifo', [scratch.at('fifo')]);
      symlinkSync('fifo', scratch.at('link'));
      await assert.rejects(save(scratch.at('link'), 'new'), REFUSED);
      assert.equal(lstatSync(scratch.at('fifo')).isFIFO(), true);
    });

    it('a socket', async () => {
      const listening = createServer();
      server = listening;
      await new Promise<void>((resolve) => listening.listen(scratch.at('socket'), resolve));
      await assert.rejects(save(scratch.at('socket'), 'new'), REFUSED);
      assert.equal(lstatSync(scratch.at('socket')).isSocket(), true);
      assert.deepEqual(scratch.temporaries(), []);
    });

    it('a device, also as root', async (test) => {
      let device = '/dev/null';
      if (isRoot) {
        // Not the system's own device: as root, a mistake would replace it for every process.
        device = scratch.at('null');
        const { status, stderr } = spawnSync('mknod', [device, 'c', '1', '3'], { encoding: 'utf8' });
        test.skip(status !== 0, stderr);
      }
      await assert.rejects(save(device, 'new'), REFUSED);
      assert.equal(lstatSync(device).isCharacterDevice(), true);
      assert.deepEqual(scratch.temporaries(), []);
    });

    it('the target of a link that only the kernel can follow', async () => {
      // The child's standard output is a pipe or socket without a path.
      const { error } = await saveAs({}, name, '/dev/stdout', 'new');
      assert.deepEqual([error?.code, error?.published], ['ERR_INDELIBLE_NOT_A_FILE', false]);
    });
  });
}
