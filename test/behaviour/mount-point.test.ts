import assert from 'node:assert/strict';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { isRoot } from '../machine.js';
import { Mounts } from '../mounts.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();
const mounts = new Mounts();

for (const { name: form, save } of forms) {
  describe.skipIf(!isRoot)(`${form} to a file that is a mount point, as in a container`, () => {
    for (const path of ['file', 'link']) {
      it(`fails with an error that says so${path === 'link' ? ', also through a symbolic link' : ''}`, async (test) => {
        writeFileSync(scratch.at('mounted'), 'old');
        writeFileSync(scratch.at('file'), 'underneath');
        symlinkSync('file', scratch.at('link'));
        const refused = mounts.mount(scratch.at('file'), ['--bind', scratch.at('mounted')]);
        test.skip(refused !== undefined, refused);
        await assert.rejects(save(scratch.at(path), 'new'), {
          code: 'EBUSY',
          syscall: 'rename',
          published: false,
          message: /mount point/,
        });
        assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'old');
        assert.deepEqual(scratch.temporaries(), []);
      });
    }
  });
}
