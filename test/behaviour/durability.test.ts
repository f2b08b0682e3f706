import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { inspectSync } from '../../src/index.js';
import { isInMemory, isRoot, NOBODY } from '../machine.js';
import { Mounts } from '../mounts.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { saveAs } from './call-as.js';
import { engineUnderTest } from './engine-under-test.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();
const mounts = new Mounts();

for (const { name: form, save } of forms) {
  describe.skipIf(!isRoot)(`${form} to a filesystem in memory`, () => {
    for (const type of ['tmpfs', 'ramfs']) {
      it(`says that nothing on ${type} is durable`, async (test) => {
        const refused = mounts.mount(scratch.path, ['-t', type, type]);
        test.skip(refused !== undefined, refused);
        for (const durability of ['durable', 'ordered', 'none'] as const) {
          const saved = await save(scratch.at('file'), durability, { durability });
          assert.deepEqual([saved.durability, saved.protocol], ['none', 'rename']);
          assert.equal(readFileSync(scratch.at('file'), 'utf8'), durability);
        }
      });

      it(`writes nothing on ${type} if it has to be durable`, async (test) => {
        const refused = mounts.mount(scratch.path, ['-t', type, type]);
        test.skip(refused !== undefined, refused);
        for (const durability of ['durable', 'ordered'] as const) {
          await assert.rejects(save(scratch.at('file'), 'new', { durability, strict: true }), {
            code: 'ERR_INDELIBLE_NOT_DURABLE',
            path: scratch.at('file'),
            published: false,
          });
        }
        assert.deepEqual(readdirSync(scratch.path), []);
      });
    }

    it('makes no directory if it has to be durable', async (test) => {
      const refused = mounts.mount(scratch.path, ['-t', 'tmpfs', 'tmpfs']);
      test.skip(refused !== undefined, refused);
      await assert.rejects(
        save(scratch.at('a', 'b', 'file'), 'new', { strict: true, makeDirectories: true }),
        {
          code: 'ERR_INDELIBLE_NOT_DURABLE',
          published: false,
        },
      );
      assert.deepEqual(readdirSync(scratch.path), []);
    });

    it('accepts strict where no durability is asked for', async (test) => {
      const refused = mounts.mount(scratch.path, ['-t', 'tmpfs', 'tmpfs']);
      test.skip(refused !== undefined, refused);
      const saved = await save(scratch.at('file'), 'new', { durability: 'none', strict: true });
      assert.equal(saved.durability, 'none');
    });
  });

  describe(`${form} to a disk`, () => {
    it('accepts strict for what the filesystem promises, and refuses the rest', async (test) => {
      test.skip(isInMemory(scratch.path), 'no directory on a disk');
      const { protocol } = inspectSync(scratch.path);
      assert.equal(protocol.durable.achieves, 'durable');
      for (const durability of ['durable', 'ordered', 'none'] as const) {
        const saving = async () => save(scratch.at('file'), 'new', { durability, strict: true });
        if (protocol[durability].achieves === durability) {
          assert.equal((await saving()).durability, durability);
        } else {
          await assert.rejects(saving, { code: 'ERR_INDELIBLE_NOT_DURABLE' });
        }
      }
    });
  });

  // A drop box cannot be opened for reading. So its entries cannot be listed, and it cannot be synced by
  // itself. The native engine syncs the whole filesystem instead. Plain `fs` cannot do that.
  describe.skipIf(!isRoot)(`${form} to a directory that may be written but not read`, () => {
    const nobody = { uid: NOBODY, gid: NOBODY };

    function makeDropBox(): void {
      chmodSync(scratch.path, 0o755);
      mkdirSync(scratch.at('box'));
      chownSync(scratch.at('box'), NOBODY, NOBODY);
      chmodSync(scratch.at('box'), 0o300);
    }

    it(`is ${engineUnderTest === 'native' ? 'durable' : 'ordered at best'} with the ${engineUnderTest} engine`, async (test) => {
      test.skip(isInMemory(scratch.path), 'no directory on a disk');
      makeDropBox();
      const { saved } = await saveAs(nobody, form, scratch.at('box', 'file'), 'new');
      assert.equal(saved?.durability, engineUnderTest === 'native' ? 'durable' : 'ordered');
      assert.equal(readFileSync(scratch.at('box', 'file'), 'utf8'), 'new');
      assert.deepEqual(readdirSync(scratch.at('box')), ['file']);
    });

    it(`${engineUnderTest === 'native' ? 'resolves' : 'writes nothing'} with strict and the ${engineUnderTest} engine`, async (test) => {
      test.skip(isInMemory(scratch.path), 'no directory on a disk');
      makeDropBox();
      const { error } = await saveAs(nobody, form, scratch.at('box', 'file'), 'new', { strict: true });
      if (engineUnderTest === 'native') {
        assert.equal(error, undefined);
      } else {
        assert.deepEqual([error?.code, error?.published], ['ERR_INDELIBLE_NOT_DURABLE', false]);
        assert.deepEqual(readdirSync(scratch.at('box')), []);
      }
    });
  });
}

describe.skipIf(!isRoot)('a directory in memory below one on a disk', () => {
  for (const { name: form, save } of forms) {
    it(`is distinguished from it by ${form}, whichever was saved to before`, async (test) => {
      test.skip(isInMemory(scratch.path), 'no directory on a disk');
      mkdirSync(scratch.at('memory'));
      const before = await save(scratch.at('memory', 'file'), 'old');
      const refused = mounts.mount(scratch.at('memory'), ['-t', 'tmpfs', 'tmpfs']);
      test.skip(refused !== undefined, refused);
      const mounted = await save(scratch.at('memory', 'file'), 'new');
      const beside = await save(scratch.at('file'), 'new');
      assert.deepEqual(
        [before.durability, mounted.durability, beside.durability],
        ['durable', 'none', 'durable'],
      );
    });
  }
});
