import assert from 'node:assert/strict';
import { chmodSync, chownSync, type Stats, statSync, writeFileSync } from 'node:fs';
import { afterEach, describe, it } from 'vitest';
import {
  createSaveStream,
  openTemporary,
  type SaveOptions,
  Saver,
  save,
  saveAll,
  saveAllSync,
  update,
} from '../../src/index.js';
import { isRoot, NOBODY } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { saveAs } from './call-as.js';
import { opensTemporaries } from './engine-under-test.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();
const umask = process.umask();

afterEach(() => {
  process.umask(umask);
});

function stats(name = 'file'): Stats {
  return statSync(scratch.at(name));
}

function modeOf(name = 'file'): number {
  return stats(name).mode & 0o7777;
}

function ownerOf(name = 'file'): [uid: number, gid: number] {
  const { uid, gid } = stats(name);
  return [uid, gid];
}

/** An existing file. A change of owner clears the set-id bits, so the mode comes last. */
function make(mode: number, [uid, gid]: [uid?: number, gid?: number] = []): void {
  writeFileSync(scratch.at('file'), 'old');
  if (uid !== undefined && gid !== undefined) chownSync(scratch.at('file'), uid, gid);
  chmodSync(scratch.at('file'), mode);
}

/** Every call that makes a file from options. */
const calls: { name: string; make(path: string, options: SaveOptions): unknown }[] = [
  ...forms.map(({ name, save }) => ({
    name,
    make: (path: string, options: SaveOptions) => save(path, 'new', options),
  })),
  { name: 'saveAll', make: (path, options) => saveAll([{ path, data: 'new' }], options) },
  { name: 'saveAllSync', make: (path, options) => saveAllSync([{ path, data: 'new' }], options) },
  { name: 'update', make: (path, options) => update(path, () => 'new', { ...options, lock: 'thread' }) },
  {
    name: 'createSaveStream',
    make: async (path, options) => {
      const stream = createSaveStream(path, options);
      await new Promise((resolve, reject) => stream.on('close', resolve).on('error', reject).end('new'));
    },
  },
  { name: 'Saver', make: (path, options) => new Saver(path, options).save('new') },
];

if (opensTemporaries) {
  calls.push(
    {
      name: 'openTemporary',
      make: async (path, options) => {
        await using file = await openTemporary(scratch.path, options);
        await file.replace(path);
      },
    },
    {
      name: 'replace of a temporary',
      make: async (path, options) => {
        await using file = await openTemporary(scratch.path);
        await file.replace(path, options);
      },
    },
  );
}

for (const { name: call, make: makeFile } of calls) {
  describe(`${call} with createMode`, () => {
    for (const [createMode, mask, mode] of [
      [0o666, 0o027, 0o640],
      [0o600, 0o022, 0o600],
      [0o777, 0o022, 0o755],
      [0o444, 0o000, 0o444],
      ['0660', 0o007, 0o660],
      [0o1666, 0o022, 0o1644],
      [0o2755, 0o077, 0o2700],
    ] as const) {
      const given = typeof createMode === 'number' ? `0o${createMode.toString(8)}` : `'${createMode}'`;
      it(`makes a file of mode ${mode.toString(8)} from ${given} and a umask of ${mask.toString(8)}`, async () => {
        process.umask(mask);
        await makeFile(scratch.at('file'), { createMode });
        assert.equal(modeOf(), mode);
      });
    }

    it('keeps the mode of a file that exists', async () => {
      make(0o604);
      await makeFile(scratch.at('file'), { createMode: 0o640 });
      assert.equal(modeOf(), 0o604);
    });

    it('gives way to mode, which the umask does not change', async () => {
      process.umask(0o077);
      await makeFile(scratch.at('file'), { createMode: 0o600, mode: 0o666 });
      assert.equal(modeOf(), 0o666);
    });

    it('decides the mode of a replaced file whose mode is not taken over', async () => {
      for (const preserve of ['none', { mode: false }] as const) {
        make(0o666);
        await makeFile(scratch.at('file'), { createMode: 0o660, preserve });
        assert.equal(modeOf(), 0o660 & ~umask);
      }
    });
  });

  it.skipIf(!isRoot)(`${call} sets the owner or the group alone`, async () => {
    await makeFile(scratch.at('file'), { owner: { gid: 5678 } });
    assert.deepEqual(ownerOf(), [0, 5678]);
    await makeFile(scratch.at('file'), { owner: { uid: 1234 } });
    assert.deepEqual(ownerOf(), [1234, 5678]);
  });

  it(`${call} takes the mode of a Stats`, async () => {
    process.umask(0o077);
    await makeFile(scratch.at('file'), { mode: 0o100644 });
    assert.equal(modeOf(), 0o644);
    make(0o751);
    await makeFile(scratch.at('copy'), { mode: stats().mode });
    assert.equal(modeOf('copy'), 0o751);
    await makeFile(scratch.at('created'), { createMode: statSync(scratch.path).mode });
    assert.equal(modeOf('created'), modeOf('') & ~0o077);
  });
}

for (const { name: form, save } of forms) {
  describe(`${form} with owner`, () => {
    it.skipIf(!isRoot)('keeps the user of a replaced file if only a group is given', async () => {
      make(0o640, [1234, 5678]);
      await save(scratch.at('file'), 'new', { owner: { gid: 4321 } });
      assert.deepEqual(ownerOf(), [1234, 4321]);
    });

    it.skipIf(!isRoot)('keeps the group of a replaced file if only a user is given', async () => {
      make(0o640, [1234, 5678]);
      await save(scratch.at('file'), 'new', { owner: { uid: 4321 } });
      assert.deepEqual(ownerOf(), [4321, 5678]);
    });

    it.skipIf(!isRoot)('gives the file to the process if the owner is not taken over', async () => {
      make(0o666, [1234, 5678]);
      await save(scratch.at('file'), 'new', { preserve: { owner: false } });
      assert.deepEqual(ownerOf(), [0, 0]);
    });

    it.skipIf(!isRoot)('leaves the part that is not given to the process with preserve none', async () => {
      make(0o666, [1234, 5678]);
      await save(scratch.at('file'), 'new', { preserve: 'none', owner: { gid: 4321 } });
      assert.deepEqual(ownerOf(), [0, 4321]);
    });
  });

  describe(`${form} with preserve as an object`, () => {
    it('takes over every part that is left out', async () => {
      make(0o604);
      await save(scratch.at('file'), 'new', { preserve: {} });
      assert.equal(modeOf(), 0o604);
      await save(scratch.at('file'), 'new', { preserve: { attributes: false } });
      assert.equal(modeOf(), 0o604);
    });

    it.skipIf(!isRoot)('takes over the owner without the mode', async () => {
      make(0o600, [1234, 5678]);
      await save(scratch.at('file'), 'new', { preserve: { mode: false } });
      assert.deepEqual(ownerOf(), [1234, 5678]);
      assert.equal(modeOf(), 0o666 & ~umask);
    });

    it.skipIf(!isRoot)(
      'takes the set-id bits and the group rights away if the owner is not kept',
      async () => {
        make(0o6754, [1234, 5678]);
        await save(scratch.at('file'), 'new', { preserve: { owner: false } });
        assert.deepEqual(ownerOf(), [0, 0]);
        assert.equal(modeOf(), 0o744);
      },
    );
  });

  describe.skipIf(!isRoot)(`${form} by a process without privileges`, () => {
    const user = { uid: 1234, gid: 1234, groups: [1234, 5678] };

    const save = (options: SaveOptions, as: typeof user = user) =>
      saveAs(as, form === 'saveSync' ? 'saveSync' : 'save', scratch.at('file'), 'new', options);

    const openDirectory = (): void => chmodSync(scratch.path, 0o777);

    it('fails with EPERM if it may not set the user or group that is given', async () => {
      openDirectory();
      for (const owner of [{ uid: 0 }, { gid: 0 }, { uid: 0, gid: 5678 }, { uid: 1234, gid: NOBODY }]) {
        const { error } = await save({ owner });
        assert.equal(error?.code, 'EPERM');
        assert.equal(error?.published, false);
      }
      assert.throws(() => stats(), { code: 'ENOENT' });
    });

    it('sets a group of its own alone', async () => {
      openDirectory();
      const { error } = await save({ owner: { gid: 5678 } });
      assert.equal(error, undefined);
      assert.deepEqual(ownerOf(), [1234, 5678]);
    });

    it('sets the group that is given where it may not keep the user', async () => {
      openDirectory();
      make(0o666, [4321, 4321]);
      const { error } = await save({ owner: { gid: 5678 } });
      assert.equal(error, undefined);
      assert.deepEqual(ownerOf(), [1234, 5678]);
    });

    it('sets as much of the owner as it may with required false', async () => {
      openDirectory();
      for (const [owner, expected] of [
        [{ uid: 0, gid: 5678, required: false }, [1234, 5678]],
        [{ uid: 0, required: false }, [1234, 1234]],
        [{ gid: 0, required: false }, [1234, 1234]],
      ] as const) {
        const { error } = await save({ owner, preserve: 'none' });
        assert.equal(error, undefined);
        assert.deepEqual(ownerOf(), expected);
      }
    });

    it('takes preserved rights away that were meant for an owner that it may not set', async () => {
      openDirectory();
      make(0o6764, [4321, 4321]);
      const { error } = await save({ owner: { uid: 0, gid: 0, required: false } });
      assert.equal(error, undefined);
      assert.deepEqual(ownerOf(), [1234, 1234]);
      assert.equal(modeOf(), 0o744);
    });

    it('sets exactly the mode that is given, whoever the owner is', async () => {
      openDirectory();
      make(0o600, [4321, 4321]);
      const { error } = await save({ owner: { uid: 0, required: false }, mode: 0o640 });
      assert.equal(error, undefined);
      assert.equal(modeOf(), 0o640);
    });
  });
}

describe('saves to one new path, called at once', () => {
  it('leave the mode of the first, whatever createMode the later ones have', async () => {
    process.umask(0o022);
    const modes = [0o600, 0o644, 0o755, 0o640];
    await Promise.all(modes.map((createMode) => save(scratch.at('file'), 'new', { createMode })));
    assert.equal(modeOf(), 0o600);
  });

  it.skipIf(!isRoot)('each set the part of the owner that they are given', async () => {
    await Promise.all([
      save(scratch.at('file'), 'new', { owner: { gid: 5678 } }),
      save(scratch.at('file'), 'new', { owner: { uid: 1234 } }),
      save(scratch.at('file'), 'new'),
    ]);
    assert.deepEqual(ownerOf(), [1234, 5678]);
  });

  it('end with the mode of a new file if the last takes nothing over', async () => {
    process.umask(0o022);
    await Promise.all([
      save(scratch.at('file'), 'new', { createMode: 0o600 }),
      save(scratch.at('file'), 'new', { preserve: { mode: false } }),
    ]);
    assert.equal(modeOf(), 0o644);
  });
});
