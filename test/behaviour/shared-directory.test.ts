import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { beforeEach, describe, it } from 'vitest';
import * as indelible from '../../src/index.js';
import { isRoot, MEMORY } from '../machine.js';
import { programPath } from '../node-process.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { opensTemporaries } from './engine-under-test.js';
import { forms } from './forms.js';

// The file system does not matter, and memory is fast.
const scratch = new ScratchDirectory(process.platform === 'linux' ? () => MEMORY : undefined);

const [OWNER, STRANGER] = [1234, 4321];

const REFUSED = { code: 'EACCES', syscall: 'open', published: false };
const REFUSED_LINK = { ...REFUSED, message: /a link is followed only if/ };
const REFUSED_FILE = {
  ...REFUSED,
  message: /the file of another user is replaced only with the option owner/,
};

/** The directory that others may write, and a file that they may not. */
const shared = (...names: string[]) => scratch.at('shared', ...names);
const secret = () => scratch.at('private', 'secret');

beforeEach(() => {
  chmodSync(scratch.path, 0o755);
  mkdirSync(scratch.at('private'), 0o700);
  writeFileSync(secret(), 'secret', { mode: 0o600 });
  makeShared(0o1777, OWNER);
});

function makeShared(mode: number, owner: number): void {
  mkdirSync(shared(), { recursive: true });
  if (isRoot) chownSync(shared(), owner, owner);
  chmodSync(shared(), mode);
}

function makeLink(owner: number, text = secret(), name = 'file'): string {
  symlinkSync(text, shared(name));
  lchownSync(shared(name), owner, owner);
  return shared(name);
}

function makeFile(owner: number, mode = 0o644, name = 'file'): string {
  writeFileSync(shared(name), 'old');
  chownSync(shared(name), owner, owner);
  chmodSync(shared(name), mode);
  return shared(name);
}

/** Every call that replaces a file, in the form in which it can be refused in the same way. */
const calls: Record<string, (path: string, options?: indelible.SaveOptions) => Promise<unknown>> = {
  save: (path, options) => indelible.save(path, 'new', options),
  saveSync: async (path, options) => indelible.saveSync(path, 'new', options),
  saveAll: async (path, options) => {
    try {
      return await indelible.saveAll([{ path, data: 'new', ...options }]);
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error;
    }
  },
  createSaveStream: (path, options) => pipeline(['new'], indelible.createSaveStream(path, options)),
  update: (path, options) => indelible.update(path, () => 'new', { ...options, lock: 'thread' }),
  updateSync: async (path, options) =>
    indelible.updateSync(path, () => 'new', { ...options, lock: 'thread' }),
  'save with keepPrevious': (path, options) =>
    indelible.save(path, 'new', { ...options, keepPrevious: scratch.at('private', 'kept') }),
  ...(opensTemporaries && {
    'TemporaryFile.replace': async (path: string, options?: indelible.SaveOptions) => {
      await using file = await indelible.openTemporary(scratch.path);
      return await file.replace(path, options);
    },
  }),
};

describe.skipIf(!isRoot)('in a sticky directory that others may write', () => {
  for (const [name, call] of Object.entries(calls)) {
    it(`${name} does not follow the link of another user`, async () => {
      await assert.rejects(call(makeLink(STRANGER)), { ...REFUSED_LINK, path: shared('file') });
      assert.equal(readFileSync(secret(), 'utf8'), 'secret');
      assert.deepEqual(readdirSync(scratch.at('private')), ['secret']);
    });

    it(`${name} does not replace the file of another user`, async () => {
      await assert.rejects(call(makeFile(STRANGER)), { ...REFUSED_FILE, path: shared('file') });
      assert.equal(readFileSync(shared('file'), 'utf8'), 'old');
      assert.deepEqual(readdirSync(shared()), ['file']);
    });

    it(`${name} replaces the file of the directory's owner`, async () => {
      await call(makeFile(OWNER));
      assert.equal(statSync(shared('file')).uid, OWNER);
      assert.notEqual(readFileSync(shared('file'), 'utf8'), 'old');
    });
  }

  for (const { name: form, save } of forms) {
    it(`${form} follows the link of its own user`, async () => {
      await save(makeLink(0), 'new');
      assert.equal(readFileSync(secret(), 'utf8'), 'new');
    });

    it(`${form} follows the link of the directory's owner`, async () => {
      await save(makeLink(OWNER), 'new');
      assert.equal(readFileSync(secret(), 'utf8'), 'new');
    });

    it(`${form} does not create the target of another user's dangling link`, async () => {
      await assert.rejects(save(makeLink(STRANGER, scratch.at('private', 'made')), 'new'), REFUSED_LINK);
      assert.deepEqual(readdirSync(scratch.at('private')), ['secret']);
    });

    it(`${form} does not follow another user's link behind a link of its own`, async () => {
      makeLink(STRANGER);
      symlinkSync(shared('file'), scratch.at('link'));
      await assert.rejects(save(scratch.at('link'), 'new'), REFUSED_LINK);
      assert.equal(readFileSync(secret(), 'utf8'), 'secret');
    });

    it(`${form} does not follow a link of its own user that has a second name`, async () => {
      // Another user could have put it there, as a hard link to a link elsewhere (fs.protected_hardlinks).
      symlinkSync(secret(), scratch.at('link'));
      linkSync(scratch.at('link'), shared('file'));
      await assert.rejects(save(shared('file'), 'new'), REFUSED_LINK);
      assert.equal(readFileSync(secret(), 'utf8'), 'secret');
    });

    it(`${form} replaces another user's link itself if told not to follow`, async () => {
      await save(makeLink(STRANGER), 'new', { followSymlinks: false });
      assert.deepEqual([lstatSync(shared('file')).uid, lstatSync(shared('file')).isFile()], [0, true]);
      assert.equal(readFileSync(secret(), 'utf8'), 'secret');
    });

    it(`${form} gives another user's file to the owner that is asked for, and takes nothing over`, async () => {
      makeFile(STRANGER, 0o4777);
      await save(shared('file'), 'new', { owner: { uid: 0, gid: 0 } });
      const { uid, gid, mode } = statSync(shared('file'));
      assert.deepEqual([uid, gid, mode & 0o7777], [0, 0, 0o666 & ~process.umask()]);
    });

    it(`${form} does not take over the set-id bits of a file that has a second name`, async () => {
      writeFileSync(scratch.at('program'), 'old');
      chmodSync(scratch.at('program'), 0o6755);
      linkSync(scratch.at('program'), shared('file'));
      await save(shared('file'), 'new');
      assert.equal(statSync(shared('file')).mode & 0o7777, 0o755);
    });

    it(`${form} keeps no link of another user as the previous version`, async () => {
      const options = { followSymlinks: false, keepPrevious: scratch.at('private', 'kept') };
      await assert.rejects(save(makeLink(STRANGER), 'new', options), REFUSED_LINK);
      assert.deepEqual(readdirSync(scratch.at('private')), ['secret']);
      assert.deepEqual(readdirSync(shared()), ['file']);
    });

    it(`${form} keeps a link of its own user as the previous version`, async () => {
      const options = { followSymlinks: false, keepPrevious: scratch.at('private', 'kept') };
      await save(makeLink(0), 'new', options);
      assert.ok(lstatSync(scratch.at('private', 'kept')).isSymbolicLink());
    });

    it(`${form} does not replace the file of another user by the previous version`, async () => {
      makeFile(STRANGER, 0o644, 'kept');
      makeFile(0);
      const saving = save(shared('file'), 'new', { keepPrevious: shared('kept') });
      await assert.rejects(saving, { ...REFUSED_FILE, path: shared('kept') });
      assert.equal(readFileSync(shared('file'), 'utf8'), 'old');
    });

    it(`${form} trusts nobody but the owner if only a group may write the directory`, async () => {
      chmodSync(shared(), 0o1770);
      await assert.rejects(save(makeLink(STRANGER), 'new'), REFUSED_LINK);
    });
  }

  for (const form of ['save', 'saveSync']) {
    it(`${form} does not take two users for one that its user namespace does not tell apart`, (test) => {
      const program = JSON.stringify({ call: form, arguments: [makeLink(STRANGER), 'new'] });
      const command = ['--user', '--map-root-user', process.execPath, programPath('call-as.mjs'), program];
      const { status, stdout, stderr } = spawnSync('unshare', command, { encoding: 'utf8' });
      test.skip(status !== 0 && stderr.includes('unshare'), stderr);
      assert.equal(status, 0, stderr);
      assert.match(JSON.parse(stdout).error?.message, REFUSED_LINK.message);
      assert.equal(readFileSync(secret(), 'utf8'), 'secret');
    });
  }

  it('update does not read the file of another user', async () => {
    let called = false;
    const updating = indelible.update(
      makeFile(STRANGER),
      () => {
        called = true;
        return 'new';
      },
      { lock: 'thread' },
    );
    await assert.rejects(updating, REFUSED_FILE);
    assert.equal(called, false);
  });

  it('update reads the file of another user if an owner is given', async () => {
    const append = (old = '') => `${old} and new`;
    makeFile(STRANGER);
    await indelible.update(shared('file'), append, {
      encoding: 'utf8',
      lock: 'thread',
      owner: { uid: 0, gid: 0 },
    });
    assert.equal(readFileSync(shared('file'), 'utf8'), 'old and new');
    assert.equal(statSync(shared('file')).uid, 0);
  });

  it('replaceSymlink replaces the link of another user by a link of its own user', async () => {
    await indelible.replaceSymlink('target', makeLink(STRANGER));
    assert.equal(lstatSync(shared('file')).uid, 0);
  });
});

describe.skipIf(!isRoot)('on the way through a sticky directory that others may write', () => {
  /** Every call, with the path of an entry in the private directory, seen through a link to that directory. */
  const through: Record<string, (path: string) => Promise<unknown>> = {
    ...calls,
    'save with makeDirectories': (path) => indelible.save(`${path}/below`, 'new', { makeDirectories: true }),
    'save that keeps the previous version there': (path) =>
      indelible.save(scratch.at('file'), 'new', { keepPrevious: path }),
    replaceSymlink: (path) => indelible.replaceSymlink('target', path),
    replaceDirectory: (path) => indelible.replaceDirectory(scratch.at('tree'), path),
    inspect: (path) => indelible.inspect(path),
    inspectSync: async (path) => indelible.inspectSync(path),
    sweep: (path) => indelible.sweep(path),
    ...(opensTemporaries && {
      openTemporary: async (path: string) => await indelible.openTemporary(path),
      'openTemporary with from': async (path: string) =>
        await indelible.openTemporary(scratch.path, { from: path }),
      exchange: (path: string) => indelible.exchange(path, scratch.at('file')),
      renameExclusive: (path: string) => indelible.renameExclusive(scratch.at('file'), path),
    }),
  };

  /** What a call would find in the private directory, so that nothing else is wrong. */
  function prepare(call: string): string {
    writeFileSync(scratch.at('file'), 'old');
    mkdirSync(scratch.at('tree'));
    if (call === 'sweep' || call === 'openTemporary') return shared('link');
    if (call === 'save with makeDirectories') return shared('link', 'made');
    if (call.startsWith('replace')) return shared('link', 'free');
    return call === 'renameExclusive' ? shared('link', 'free') : shared('link', 'secret');
  }

  for (const [name, call] of Object.entries(through)) {
    it(`${name} does not follow the link of another user to a directory`, async () => {
      makeLink(STRANGER, scratch.at('private'), 'link');
      const path = prepare(name);
      const before = readdirSync(scratch.at('private'));
      await assert.rejects(call(path), { code: 'EACCES', message: /a link is followed only if/ });
      assert.deepEqual(readdirSync(scratch.at('private')), before);
      assert.equal(readFileSync(secret(), 'utf8'), 'secret');
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'old');
    });
  }

  for (const { name: form, save } of forms) {
    it(`${form} follows the link of its own user to a directory`, async () => {
      makeLink(0, scratch.at('private'), 'link');
      await save(shared('link', 'secret'), 'new');
      assert.equal(readFileSync(secret(), 'utf8'), 'new');
    });

    it(`${form} does not follow another user's link in the text of a link of its own`, async () => {
      makeLink(STRANGER, '../private', 'link');
      symlinkSync('shared/link/secret', scratch.at('link'));
      await assert.rejects(save(scratch.at('link'), 'new'), REFUSED_LINK);
      assert.equal(readFileSync(secret(), 'utf8'), 'secret');
    });

    it(`${form} does not follow another user's link in the middle of the path`, async () => {
      makeLink(STRANGER, scratch.at('private'), 'link');
      mkdirSync(scratch.at('private', 'deep'));
      await assert.rejects(save(shared('link', 'deep', '..', 'deep', 'file'), 'new'), REFUSED_LINK);
      assert.deepEqual(readdirSync(scratch.at('private', 'deep')), []);
    });
  }
});

describe.skipIf(!isRoot)('where others may not write, or the directory is not sticky', () => {
  for (const mode of [0o1755, 0o755, 0o777]) {
    for (const { name: form, save } of forms) {
      it(`${form} follows any link and replaces any file in a directory of mode ${mode.toString(8)}`, async () => {
        makeShared(mode, OWNER);
        await save(makeLink(STRANGER), 'new');
        assert.equal(readFileSync(secret(), 'utf8'), 'new');
        await save(makeFile(STRANGER, 0o640, 'other'), 'new');
        const { uid, mode: kept } = statSync(shared('other'));
        assert.deepEqual([uid, kept & 0o7777], [STRANGER, 0o640]);
      });
    }
  }
});

describe.skipIf(process.platform !== 'linux')('a link that only the kernel can follow', () => {
  async function withOpen(path: string, use: (link: string) => Promise<void>): Promise<void> {
    const descriptor = openSync(path, 'r');
    try {
      await use(`/proc/self/fd/${descriptor}`);
    } finally {
      closeSync(descriptor);
    }
  }

  const file = () => scratch.at('file');

  beforeEach(() => {
    writeFileSync(file(), 'old');
  });

  for (const [name, call] of Object.entries(calls)) {
    it(`is refused by ${name} if its file is deleted`, async () => {
      await withOpen(file(), async (link) => {
        unlinkSync(file());
        const before = readdirSync(scratch.path);
        await assert.rejects(call(link), { code: 'ELOOP', published: false, path: link });
        assert.deepEqual(readdirSync(scratch.path), before);
      });
    });
  }

  for (const { name: form, save } of forms) {
    it(`is refused by ${form} if another file has taken the path`, async () => {
      await withOpen(file(), async (link) => {
        writeFileSync(scratch.at('other'), 'other');
        renameSync(scratch.at('other'), file());
        await assert.rejects(save(link, 'new'), { code: 'ELOOP', published: false });
        assert.equal(readFileSync(file(), 'utf8'), 'other');
      });
    });

    it(`is refused by ${form} behind an ordinary link`, async () => {
      await withOpen(file(), async (link) => {
        unlinkSync(file());
        symlinkSync(link, scratch.at('link'));
        await assert.rejects(save(scratch.at('link'), 'new'), { code: 'ELOOP', published: false });
      });
    });

    it(`is refused by ${form} if a file is really called "(deleted)"`, async () => {
      await withOpen(file(), async (link) => {
        unlinkSync(file());
        writeFileSync(`${file()} (deleted)`, 'other');
        await assert.rejects(save(link, 'new'), { code: 'ELOOP', published: false });
        assert.equal(readFileSync(`${file()} (deleted)`, 'utf8'), 'other');
      });
    });

    it(`is followed by ${form} to a file with a name`, async () => {
      await withOpen(file(), async (link) => {
        await save(link, 'new');
        assert.equal(readFileSync(file(), 'utf8'), 'new');
      });
    });

    it(`is followed by ${form} to a directory that has moved`, async () => {
      mkdirSync(scratch.at('before'));
      await withOpen(scratch.at('before'), async (link) => {
        renameSync(scratch.at('before'), scratch.at('after'));
        await save(`${link}/file`, 'new');
        assert.equal(readFileSync(scratch.at('after', 'file'), 'utf8'), 'new');
      });
    });
  }
});

it('follows a link although another program replaces its target all the time', async () => {
  symlinkSync('target', scratch.at('link'));
  const saves = Array.from({ length: 50 }, () =>
    Promise.all([
      indelible.save(scratch.at('link'), 'one', { durability: 'none' }),
      indelible.save(scratch.at('target'), 'other', { durability: 'none' }),
    ]),
  );
  await Promise.all(saves);
  assert.equal(realpathSync(scratch.at('link')), realpathSync(scratch.at('target')));
});
