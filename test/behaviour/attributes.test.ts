import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, describe, it } from 'vitest';
import { save as saveAsynchronously } from '../../src/index.js';
import { isRoot, NOBODY } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { saveAs } from './call-as.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();
const umask = process.umask();

afterEach(() => {
  process.umask(umask);
});

function modeOf(name: string): number {
  return statSync(scratch.at(name)).mode & 0o7777;
}

function ownerOf(name: string): [uid: number, gid: number] {
  const { uid, gid } = statSync(scratch.at(name));
  return [uid, gid];
}

/** A file with exactly these attributes. A change of owner clears the set-id bits, so the mode comes last. */
function make(name: string, { mode, uid, gid }: { mode: number; uid?: number; gid?: number }): void {
  writeFileSync(scratch.at(name), 'old');
  if (uid !== undefined && gid !== undefined) chownSync(scratch.at(name), uid, gid);
  chmodSync(scratch.at(name), mode);
}

for (const { name: form, save } of forms) {
  describe(`a new file of ${form}`, () => {
    for (const mask of [0o022, 0o077, 0o002, 0]) {
      it(`has the mode that a umask of ${mask.toString(8)} leaves`, async () => {
        process.umask(mask);
        await save(scratch.at('file'), 'new');
        assert.equal(modeOf('file'), 0o666 & ~mask);
      });
    }

    for (const mode of [0o600, 0o644, 0o666, 0o400, 0o755, 0o000, '0640', '777']) {
      it(`has the mode ${typeof mode === 'number' ? mode.toString(8) : `'${mode}'`} if asked, whatever the umask`, async () => {
        process.umask(0o077);
        await save(scratch.at('file'), 'new', { mode });
        assert.equal(modeOf('file'), typeof mode === 'number' ? mode : Number.parseInt(mode, 8));
      });
    }

    for (const mode of [0o4755, 0o2755, 0o1644, 0o7777]) {
      it(`has the set-id and sticky bits of the mode ${mode.toString(8)} if asked`, async () => {
        await save(scratch.at('file'), 'new', { mode });
        assert.equal(modeOf('file'), mode);
      });
    }

    it('has the owner that the process has', async () => {
      await save(scratch.at('file'), 'new');
      assert.deepEqual(ownerOf('file'), [process.geteuid?.(), process.getegid?.()]);
    });

    it.skipIf(!isRoot)('has the owner that is asked for', async () => {
      await save(scratch.at('file'), 'new', { owner: { uid: 1234, gid: 5678 } });
      assert.deepEqual(ownerOf('file'), [1234, 5678]);
      assert.equal(modeOf('file'), 0o666 & ~umask);
    });

    it.skipIf(!isRoot)('has the set-id bits and the owner that are asked for together', async () => {
      await save(scratch.at('file'), 'new', { owner: { uid: 1234, gid: 5678 }, mode: 0o6755 });
      assert.deepEqual(ownerOf('file'), [1234, 5678]);
      assert.equal(modeOf('file'), 0o6755);
    });

    it.skipIf(!isRoot)('has the group of a set-group-id directory', async () => {
      mkdirSync(scratch.at('shared'));
      chownSync(scratch.at('shared'), 0, NOBODY);
      chmodSync(scratch.at('shared'), 0o2775);
      await save(scratch.at('shared', 'file'), 'new');
      assert.deepEqual(ownerOf('shared/file'), [0, NOBODY]);
      assert.equal(modeOf('shared/file'), 0o666 & ~umask);
    });
  });

  describe(`a file replaced by ${form}`, () => {
    for (const mode of [0o600, 0o640, 0o666, 0o444, 0o755, 0o000, 0o4755, 0o2755, 0o6711, 0o1644]) {
      it(`keeps its mode ${mode.toString(8)}, whatever the umask`, async () => {
        make('file', { mode });
        process.umask(0o077);
        await save(scratch.at('file'), 'new');
        assert.equal(modeOf('file'), mode);
      });
    }

    it('gets the mode that is asked for', async () => {
      make('file', { mode: 0o600 });
      process.umask(0o077);
      await save(scratch.at('file'), 'new', { mode: 0o664 });
      assert.equal(modeOf('file'), 0o664);
    });

    it('gets the mode of a new file if nothing is to be preserved', async () => {
      make('file', { mode: 0o4755 });
      await save(scratch.at('file'), 'new', { preserve: 'none' });
      assert.equal(modeOf('file'), 0o666 & ~umask);
    });

    it.skipIf(!isRoot)('loses its set-id bits with the owner or group that they were given to', async () => {
      for (const [uid, gid, mode] of [
        [4321, 8765, 0o755],
        [4321, 5678, 0o2755],
        [1234, 8765, 0o4755],
      ] as const) {
        make('file', { mode: 0o6755, uid: 1234, gid: 5678 });
        await save(scratch.at('file'), 'new', { owner: { uid, gid } });
        assert.deepEqual(ownerOf('file'), [uid, gid]);
        assert.equal(modeOf('file'), mode);
      }
    });

    it.skipIf(!isRoot)('keeps its owner and group, and with them its set-id bits', async () => {
      make('file', { mode: 0o6755, uid: 1234, gid: 5678 });
      await save(scratch.at('file'), 'new');
      assert.deepEqual(ownerOf('file'), [1234, 5678]);
      assert.equal(modeOf('file'), 0o6755);
    });

    it.skipIf(!isRoot)('keeps its owner if another mode is asked for', async () => {
      make('file', { mode: 0o600, uid: 1234, gid: 5678 });
      await save(scratch.at('file'), 'new', { mode: 0o644 });
      assert.deepEqual(ownerOf('file'), [1234, 5678]);
      assert.equal(modeOf('file'), 0o644);
    });

    it.skipIf(!isRoot)('keeps its mode if another owner is asked for', async () => {
      make('file', { mode: 0o640, uid: 1234, gid: 5678 });
      await save(scratch.at('file'), 'new', { owner: { uid: 1, gid: 2 } });
      assert.deepEqual(ownerOf('file'), [1, 2]);
      assert.equal(modeOf('file'), 0o640);
    });

    it.skipIf(!isRoot)("gets the process's owner if nothing is to be preserved", async () => {
      make('file', { mode: 0o640, uid: 1234, gid: 5678 });
      await save(scratch.at('file'), 'new', { preserve: 'none' });
      assert.deepEqual(ownerOf('file'), [0, 0]);
    });

    it.skipIf(!isRoot)('keeps its group in a set-group-id directory', async () => {
      mkdirSync(scratch.at('shared'));
      chownSync(scratch.at('shared'), 0, NOBODY);
      chmodSync(scratch.at('shared'), 0o2775);
      make('shared/file', { mode: 0o2755, uid: 0, gid: 0 });
      await save(scratch.at('shared', 'file'), 'new');
      assert.deepEqual(ownerOf('shared/file'), [0, 0]);
      assert.equal(modeOf('shared/file'), 0o2755);
    });

    it.skipIf(!isRoot)('behind a symbolic link keeps its own owner', async () => {
      make('target', { mode: 0o640, uid: 1234, gid: 5678 });
      symlinkSync('target', scratch.at('link'));
      await save(scratch.at('link'), 'new');
      assert.deepEqual(ownerOf('target'), [1234, 5678]);
    });
  });

  describe.skipIf(!isRoot)(`${form} by a process without privileges`, () => {
    const nobody = { uid: NOBODY, gid: NOBODY };

    /** Lets every user save to the directory. */
    function openDirectory(): void {
      chmodSync(scratch.path, 0o777);
    }

    it("replaces another user's file and owns the new one", async () => {
      openDirectory();
      make('file', { mode: 0o666, uid: 0, gid: 0 });
      const { saved } = await saveAs(nobody, form, scratch.at('file'), 'new');
      assert.equal(saved?.replaced, true);
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
      assert.deepEqual(ownerOf('file'), [NOBODY, NOBODY]);
      assert.equal(modeOf('file'), 0o666);
      assert.deepEqual(scratch.temporaries(), []);
    });

    it('drops set-user-id where it cannot keep the owner', async () => {
      openDirectory();
      make('file', { mode: 0o4755, uid: 0, gid: NOBODY });
      await saveAs(nobody, form, scratch.at('file'), 'new');
      assert.deepEqual(ownerOf('file'), [NOBODY, NOBODY]);
      assert.equal(modeOf('file'), 0o755);
    });

    it('drops set-group-id where it cannot keep the group', async () => {
      openDirectory();
      make('file', { mode: 0o2775, uid: NOBODY, gid: 0 });
      await saveAs(nobody, form, scratch.at('file'), 'new');
      assert.deepEqual(ownerOf('file'), [NOBODY, NOBODY]);
      assert.equal(modeOf('file'), 0o755);
    });

    it('gives another group no more rights than others have, where it cannot keep the group', async () => {
      openDirectory();
      make('file', { mode: 0o664, uid: NOBODY, gid: 0 });
      await saveAs(nobody, form, scratch.at('file'), 'new');
      assert.equal(modeOf('file'), 0o644);
      make('file', { mode: 0o660, uid: NOBODY, gid: 0 });
      await saveAs(nobody, form, scratch.at('file'), 'newer');
      assert.equal(modeOf('file'), 0o600);
    });

    it('keeps the group if the process belongs to it', async () => {
      openDirectory();
      make('file', { mode: 0o2660, uid: 0, gid: 1234 });
      await saveAs({ ...nobody, groups: [1234] }, form, scratch.at('file'), 'new');
      assert.deepEqual(ownerOf('file'), [NOBODY, 1234]);
      assert.equal(modeOf('file'), 0o2660);
    });

    it('keeps the set-id bits of its own file', async () => {
      openDirectory();
      make('file', { mode: 0o6755, ...nobody });
      await saveAs(nobody, form, scratch.at('file'), 'new');
      assert.equal(modeOf('file'), 0o6755);
    });

    it('replaces a file of its own that it may not write', async () => {
      openDirectory();
      make('file', { mode: 0o444, ...nobody });
      await saveAs(nobody, form, scratch.at('file'), 'new');
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
      assert.equal(modeOf('file'), 0o444);
    });

    it('gives exactly the mode that is asked for, also where it cannot keep the owner', async () => {
      openDirectory();
      make('file', { mode: 0o600, uid: 0, gid: 0 });
      await saveAs(nobody, form, scratch.at('file'), 'new', { mode: 0o664 });
      assert.equal(modeOf('file'), 0o664);
    });

    it('fails if another owner is asked for', async () => {
      openDirectory();
      make('file', { mode: 0o666, uid: 0, gid: 0 });
      const { error } = await saveAs(nobody, form, scratch.at('file'), 'new', { owner: { uid: 0, gid: 0 } });
      assert.equal(error?.code, 'EPERM');
      assert.equal(error.syscall, 'fchown');
      assert.equal(error.published, false);
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'old');
      assert.deepEqual(scratch.temporaries(), []);
    });

    it('fails in a directory that it may not write', async () => {
      make('file', { mode: 0o666, ...nobody });
      chmodSync(scratch.path, 0o755);
      const { error } = await saveAs(nobody, form, scratch.at('file'), 'new');
      assert.equal(error?.code, 'EACCES');
      assert.equal(error.syscall, 'open');
      assert.equal(error.published, false);
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'old');
    });

    it('fails in a directory that it may not enter', async () => {
      chmodSync(scratch.path, 0o644);
      const { error } = await saveAs(nobody, form, scratch.at('file'), 'new');
      assert.equal(error?.code, 'EACCES');
      assert.equal(error.published, false);
    });

    it("cannot replace another user's file in a sticky directory, and leaves nothing there", async () => {
      make('file', { mode: 0o666, uid: 0, gid: 0 });
      chmodSync(scratch.path, 0o1777);
      const { error } = await saveAs(nobody, form, scratch.at('file'), 'new');
      assert.equal(error?.code, 'EPERM');
      assert.equal(error.syscall, 'rename');
      assert.equal(error.published, false);
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'old');
      assert.deepEqual(scratch.temporaries(), []);
    });
  });
}

describe('saves to one path, called at once', () => {
  it('each take over the mode that the save before has set', async () => {
    make('file', { mode: 0o644 });
    await Promise.all([
      saveAsynchronously(scratch.at('file'), '1', { mode: 0o600 }),
      saveAsynchronously(scratch.at('file'), '2'),
      saveAsynchronously(scratch.at('file'), '3'),
    ]);
    assert.equal(modeOf('file'), 0o600);
  });

  it.skipIf(!isRoot)(
    'each take over the owner and the set-id bits that the save before has set',
    async () => {
      make('file', { mode: 0o6755, uid: 0, gid: 0 });
      await Promise.all([
        saveAsynchronously(scratch.at('file'), '1', { owner: { uid: 1234, gid: 5678 }, mode: 0o6711 }),
        saveAsynchronously(scratch.at('file'), '2'),
      ]);
      assert.deepEqual(ownerOf('file'), [1234, 5678]);
      assert.equal(modeOf('file'), 0o6711);
    },
  );
});
