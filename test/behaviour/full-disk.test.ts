import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { isRoot } from '../machine.js';
import { Mounts } from '../mounts.js';
import { ended, startWithLimit } from '../node-process.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();
const mounts = new Mounts();

const OLD = 'thirty bytes of older content.';

for (const { name: form, save } of forms) {
  describe(`${form} where not all of the data fits`, () => {
    it.skipIf(!isRoot)('rejects on a full disk, and keeps the old file', async (test) => {
      mkdirSync(scratch.at('disk'));
      const refused = mounts.mount(scratch.at('disk'), ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs']);
      test.skip(refused !== undefined, refused);
      writeFileSync(scratch.at('disk', 'file'), OLD);
      await assert.rejects(save(scratch.at('disk', 'file'), Buffer.alloc(3 * 1024 * 1024)), {
        code: 'ENOSPC',
        syscall: 'write',
        path: scratch.at('disk', 'file'),
        published: false,
        message: `ENOSPC: no space left on device, write '${scratch.at('disk', 'file')}'`,
      });
      assert.equal(readFileSync(scratch.at('disk', 'file'), 'utf8'), OLD);
      assert.deepEqual(readdirSync(scratch.at('disk')), ['file']);
    });

    it.skipIf(!isRoot)(
      'rejects where no file can be created any more, and keeps the old one',
      async (test) => {
        mkdirSync(scratch.at('disk'));
        const refused = mounts.mount(scratch.at('disk'), ['-t', 'tmpfs', '-o', 'nr_inodes=2', 'tmpfs']);
        test.skip(refused !== undefined, refused);
        writeFileSync(scratch.at('disk', 'file'), OLD);
        await assert.rejects(save(scratch.at('disk', 'file'), 'new'), {
          code: 'ENOSPC',
          syscall: 'open',
          published: false,
        });
        assert.equal(readFileSync(scratch.at('disk', 'file'), 'utf8'), OLD);
      },
    );

    it("rejects beyond the process's file size limit, and keeps the old file", async () => {
      writeFileSync(scratch.at('file'), OLD);
      const call = { call: form, arguments: [scratch.at('file'), 'x'.repeat(50_000)] };
      const child = startWithLimit('-f 8', 'call-as.mjs', [JSON.stringify(call)]);
      const { code, stdout, stderr } = await ended(child);
      assert.equal(code, 0, stderr);
      const { error } = JSON.parse(stdout);
      assert.deepEqual([error.code, error.syscall, error.published], ['EFBIG', 'write', false]);
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), OLD);
      assert.deepEqual(scratch.temporaries(), []);
    });
  });
}
