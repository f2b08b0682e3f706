import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { finished } from 'node:stream/promises';
import { afterEach, describe, it } from 'vitest';
import { createSaveStream, saveAll, saveAllSync, update } from '../../src/index.js';
import { isInMemory, isRoot, NOBODY } from '../machine.js';
import { Mounts } from '../mounts.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { saveAs } from './call-as.js';
import { engineUnderTest } from './engine-under-test.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();
const mounts = new Mounts();
const file = () => scratch.at('file');
const content = () => readFileSync(file(), 'utf8');

/** The flags set with chattr. They are cleared again, so that the scratch directory can be removed. */
const flagged: [flag: string, path: string][] = [];

function setFlag(flag: string, path: string): void {
  execFileSync('chattr', [`+${flag}`, path]);
  flagged.push([flag, path]);
}

function clearFlags(): void {
  for (const [flag, path] of flagged.splice(0)) execFileSync('chattr', [`-${flag}`, path]);
}

// Runs before the hook of the scratch directory, because vitest calls these hooks in reverse order.
afterEach(clearFlags);

/** Every way to save one file. */
const ways = [
  ...forms,
  {
    name: 'save of data in chunks',
    save: (path: string, data: string) => {
      const [form] = forms;
      return form?.save(path, [data.slice(0, 1), data.slice(1)]);
    },
  },
  { name: 'saveAll', save: (path: string, data: string) => saveAll([{ path, data }]).catch(first) },
  {
    name: 'saveAllSync',
    save: async (path: string, data: string) => {
      try {
        return saveAllSync([{ path, data }]);
      } catch (error) {
        return first(error);
      }
    },
  },
  {
    name: 'a save stream',
    save: (path: string, data: string) => {
      const stream = createSaveStream(path);
      stream.end(data);
      return finished(stream);
    },
  },
  {
    name: 'update',
    save: (path: string, data: string) =>
      update(path, () => data, engineUnderTest === 'portable' ? { lock: 'thread' } : {}),
  },
];

/** Throws the error of the only file. */
function first(error: unknown): never {
  throw error instanceof AggregateError ? error.errors[0] : error;
}

describe.skipIf(!isRoot)('where the filesystem refuses a change', () => {
  for (const { name, save } of ways) {
    for (const [flag, kind] of Object.entries({ i: 'immutable', a: 'append-only' })) {
      for (const path of ['file', 'link']) {
        const through = path === 'link' ? ' behind a symbolic link' : '';
        it(`${name} fails with EPERM, and an ${kind} file${through} stays`, async (test) => {
          test.skip(isInMemory(scratch.path), 'no file flags');
          writeFileSync(file(), 'old');
          symlinkSync('file', scratch.at('link'));
          setFlag(flag, file());
          await assert.rejects(async () => save(scratch.at(path), 'new'), {
            code: 'EPERM',
            syscall: 'rename',
            published: false,
          });
          assert.equal(content(), 'old');
          assert.deepEqual(readdirSync(scratch.path).sort(), ['file', 'link']);
        });
      }
    }

    it(`${name} fails with EPERM in an immutable directory`, async (test) => {
      test.skip(isInMemory(scratch.path), 'no file flags');
      mkdirSync(scratch.at('directory'));
      writeFileSync(scratch.at('directory', 'file'), 'old');
      setFlag('i', scratch.at('directory'));
      for (const path of [scratch.at('directory', 'file'), scratch.at('directory', 'new')]) {
        await assert.rejects(async () => save(path, 'new'), { code: 'EPERM', published: false });
      }
      assert.equal(readFileSync(scratch.at('directory', 'file'), 'utf8'), 'old');
      assert.deepEqual(readdirSync(scratch.at('directory')), ['file']);
    });

    // Nothing can be renamed or removed in such a directory, so a temporary with a name stays.
    it(`${name} fails with EPERM in an append-only directory, and the file stays`, async (test) => {
      test.skip(isInMemory(scratch.path), 'no file flags');
      mkdirSync(scratch.at('directory'));
      writeFileSync(scratch.at('directory', 'file'), 'old');
      setFlag('a', scratch.at('directory'));
      const saving = async () => save(scratch.at('directory', 'file'), 'new');
      await assert.rejects(saving, { code: 'EPERM', syscall: 'rename', published: false });
      assert.equal(readFileSync(scratch.at('directory', 'file'), 'utf8'), 'old');
    });

    it(`${name} fails with EROFS on a read-only filesystem`, async (test) => {
      writeFileSync(file(), 'old');
      const refused = mounts.mount(scratch.path, ['--bind', '-o', 'ro', scratch.path]);
      test.skip(refused !== undefined, refused);
      for (const path of [file(), scratch.at('new')]) {
        await assert.rejects(async () => save(path, 'new'), {
          code: 'EROFS',
          syscall: 'open',
          path,
          published: false,
        });
      }
      assert.equal(content(), 'old');
      assert.deepEqual(readdirSync(scratch.path), ['file']);
    });
  }

  for (const { name, save } of forms) {
    it(`${name} makes no directory on a read-only filesystem`, async (test) => {
      const refused = mounts.mount(scratch.path, ['--bind', '-o', 'ro', scratch.path]);
      test.skip(refused !== undefined, refused);
      const saving = save(scratch.at('made', 'file'), 'new', { makeDirectories: true });
      await assert.rejects(saving, { code: 'EROFS', syscall: 'mkdir', published: false });
      assert.deepEqual(readdirSync(scratch.path), []);
    });

    it(`${name} replaces the user's own file in a sticky directory of another user`, async () => {
      chmodSync(scratch.path, 0o1777);
      writeFileSync(file(), 'old');
      chownSync(file(), NOBODY, NOBODY);
      const { error } = await saveAs({ uid: NOBODY, gid: NOBODY, groups: [] }, name, file(), 'new');
      assert.equal(error, undefined);
      assert.equal(content(), 'new');
      assert.deepEqual(readdirSync(scratch.path), ['file']);
    });
  }
});
