import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { inspectSync, replaceDirectory, replaceSymlink, update } from '../../src/index.js';
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

  describe.skipIf(!isRoot)(`${form} to a FUSE filesystem whose server syncs no directory`, () => {
    // bindfs passes every other call on to the directory below it.
    function mountBindfs(): string | undefined {
      mkdirSync(scratch.at('below'));
      mkdirSync(scratch.at('fuse'));
      return mounts.mount(scratch.at('fuse'), ['-t', 'fuse.bindfs', scratch.at('below')]);
    }

    it('achieves the order of old and new version, and no durable name', async (test) => {
      const refused = mountBindfs();
      test.skip(refused !== undefined, refused);
      const saved = await save(scratch.at('fuse', 'file'), 'new');
      assert.deepEqual([saved.durability, saved.protocol], ['ordered', 'sync-rename-sync']);
      const below = await save(scratch.at('fuse', 'a', 'file'), 'new', { makeDirectories: true });
      assert.equal(below.durability, 'ordered');
      assert.equal(inspectSync(scratch.at('fuse')).protocol.durable.achieves, 'ordered');
      assert.equal(readFileSync(scratch.at('below', 'file'), 'utf8'), 'new');
    });

    it('writes nothing if it has to be durable', async (test) => {
      const refused = mountBindfs();
      test.skip(refused !== undefined, refused);
      const path = scratch.at('fuse', 'a', 'file');
      await assert.rejects(save(path, 'new', { strict: true, makeDirectories: true }), {
        code: 'ERR_INDELIBLE_NOT_DURABLE',
        path,
        published: false,
      });
      assert.deepEqual(readdirSync(scratch.at('below')), []);
      const ordered = await save(scratch.at('fuse', 'file'), 'new', { durability: 'ordered', strict: true });
      assert.equal(ordered.durability, 'ordered');
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

    it(`and makes directories in it is ${engineUnderTest === 'native' ? 'durable' : 'ordered at best'}`, async (test) => {
      test.skip(isInMemory(scratch.path), 'no directory on a disk');
      makeDropBox();
      const path = scratch.at('box', 'made', 'below', 'file');
      const { saved } = await saveAs(nobody, form, path, 'new', { makeDirectories: true });
      assert.equal(saved?.durability, engineUnderTest === 'native' ? 'durable' : 'ordered');
      assert.equal(readFileSync(path, 'utf8'), 'new');
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

describe.skipIf(!isRoot)('other calls on a FUSE filesystem whose server syncs no directory', () => {
  it('achieve no durable name either, and refuse with strict', async (test) => {
    mkdirSync(scratch.at('below'));
    mkdirSync(scratch.at('fuse'));
    const refused = mounts.mount(scratch.at('fuse'), ['-t', 'fuse.bindfs', scratch.at('below')]);
    test.skip(refused !== undefined, refused);
    const at = (name: string) => scratch.at('fuse', name);
    const notDurable = { code: 'ERR_INDELIBLE_NOT_DURABLE', published: false };
    assert.equal((await replaceSymlink('target', at('link'))).durability, 'ordered');
    await assert.rejects(replaceSymlink('other', at('link'), { strict: true }), notDurable);
    mkdirSync(at('staged'));
    assert.equal((await replaceDirectory(at('staged'), at('tree'))).durability, 'ordered');
    mkdirSync(at('staged'));
    await assert.rejects(replaceDirectory(at('staged'), at('other'), { strict: true }), notDurable);
    const saved = await update(at('file'), () => 'new', { lock: 'thread' });
    assert.equal(saved?.durability, 'ordered');
    await assert.rejects(
      update(at('file'), () => 'no', { lock: 'thread', strict: true }),
      notDurable,
    );
    assert.deepEqual(readdirSync(scratch.at('below')).sort(), ['file', 'link', 'staged', 'tree']);
  });
});

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
