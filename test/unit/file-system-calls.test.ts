import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { loadAddon } from '../../src/addon/addon.js';
import type { FileSystemCalls, OpenDirectory } from '../../src/fs/file-system-calls.js';
import { NativeCalls } from '../../src/fs/native-calls.js';
import { plainCalls } from '../../src/fs/plain/plain-calls.js';
import { run, runSync, type Steps } from '../../src/fs/steps.js';
import { withPaths } from '../../src/names/errors.js';
import { nativeUnavailable } from '../engines.js';
import { ScratchDirectory } from '../scratch-directory.js';

const scratch = new ScratchDirectory();

const bytes = (text: string) => Buffer.from(text);

/** The part of a call's result or error that must be the same for both backends. */
async function outcomeOf(call: () => Promise<unknown>): Promise<unknown> {
  try {
    return { result: await call() };
  } catch (error) {
    assert.ok(
      error instanceof Error && 'code' in error && 'errno' in error && 'syscall' in error,
      `${error}`,
    );
    const { code, errno, syscall, message } = error;
    return { code, errno, syscall, ...('path' in error && { path: `${error.path}` }), message };
  }
}

type Case = (calls: FileSystemCalls, directory: OpenDirectory) => Steps<unknown>;

/** Adds the paths to an error, as the procedures in `src/names` do. */
const named = (call: Steps<unknown>) => withPaths(call, 'path', 'dest');

const cases: Readonly<Record<string, Case>> = {
  'a missing directory': (calls) => named(calls.openDirectory(bytes(scratch.at('root', 'missing')))),
  'a file as a directory': (calls) => named(calls.openDirectory(bytes(scratch.at('root', 'file')))),
  'a missing directory in another': (calls, directory) =>
    named(calls.openSubdirectory(directory, bytes('missing'))),
  'a lookup of a name with a slash after a file': (calls, directory) =>
    named(calls.lookUp(directory, bytes('file/'))),
  'a rename of what is missing': (calls, directory) =>
    named(calls.rename(directory, bytes('missing'), directory, bytes('other'))),
  'a rename of a directory over one that is not empty': (calls, directory) =>
    named(calls.rename(directory, bytes('directory'), directory, bytes('full'))),
  'a rename of a directory into itself': (calls, directory) =>
    named(calls.rename(directory, bytes('full'), directory, bytes('.'))),
  'a link to what is missing': (calls, directory) =>
    named(calls.link(directory, bytes('missing'), directory, bytes('other'))),
  'a link with a name that exists': (calls, directory) =>
    named(calls.link(directory, bytes('file'), directory, bytes('link'))),
  'a symbolic link with a name that exists': (calls, directory) =>
    named(calls.symlink(bytes('text'), directory, bytes('file'))),
  'a symbolic link that is too long': (calls, directory) =>
    named(calls.symlink(bytes('x'.repeat(5000)), directory, bytes('other'))),
  'the removal of what is missing': (calls, directory) => named(calls.unlink(directory, bytes('missing'))),
  'the removal of a directory as a file': (calls, directory) =>
    calls.unlinkAll(directory, [bytes('missing'), bytes('full')]),
  'the removal of a directory that is not empty': (calls, directory) =>
    named(calls.removeDirectory(directory, bytes('full'))),
  'the removal of a missing directory': (calls, directory) =>
    named(calls.removeDirectory(directory, bytes('missing'))),
  'the sync of entries that are missing or not files': (calls, directory) =>
    calls.syncFiles(directory, ['missing', 'link', 'directory', 'file'].map(bytes)),
  'the sync of a directory': (calls, directory) => calls.syncDirectory(directory),
  *'the kinds of entries'(calls, directory) {
    const kinds: string[] = [];
    for (const name of ['file', 'directory', 'link', 'missing', 'directory/']) {
      kinds.push((yield* calls.lookUp(directory, bytes(name))).kind);
    }
    return kinds;
  },
  *'the entries of a directory'(calls, directory) {
    return (yield* calls.list(directory)).map(({ name }) => `${name}`).sort();
  },
  *'the parents of a directory'(calls, directory) {
    return (yield* calls.ancestors(directory)).map(({ inode }) => inode).slice(1);
  },
  *'the path of a directory'(calls, directory) {
    return `${yield* calls.realPath(directory)}`;
  },
  *'the mode and owner of a file'(calls, directory) {
    const { mode, uid, gid, links } = yield* calls.lookUp(directory, bytes('file'));
    return { mode, uid, gid, links };
  },
  *'the entries after a rename, a link and removals'(calls, directory) {
    yield* calls.rename(directory, bytes('file'), directory, bytes('renamed'));
    yield* calls.link(directory, bytes('renamed'), directory, bytes('linked'));
    yield* calls.unlink(directory, bytes('link'));
    yield* calls.removeDirectory(directory, bytes('directory'));
    return (yield* calls.list(directory)).map(({ name }) => `${name}`).sort();
  },
};

const forms: { name: string; drive: <T>(steps: Steps<T>) => Promise<T> }[] = [
  { name: 'asynchronously', drive: run },
  { name: 'synchronously', drive: async (steps) => runSync(steps) },
];

describe.skipIf(nativeUnavailable !== undefined)('both backends give the same result for', () => {
  function nativeCalls(): FileSystemCalls {
    const addon = loadAddon();
    return new NativeCalls(addon);
  }

  async function outcome(
    one: Case,
    calls: FileSystemCalls,
    drive: (typeof forms)[number]['drive'],
  ): Promise<unknown> {
    // A new directory with the same name for each case.
    rmSync(scratch.at('root'), { recursive: true, force: true });
    for (const made of ['directory', 'full']) mkdirSync(scratch.at('root', made), { recursive: true });
    writeFileSync(scratch.at('root', 'full', 'inside'), '');
    writeFileSync(scratch.at('root', 'file'), 'content');
    symlinkSync('file', scratch.at('root', 'link'));
    const directory = await drive(calls.openDirectory(bytes(scratch.at('root'))));
    try {
      return await outcomeOf(() => drive(one(calls, directory)));
    } finally {
      await drive(calls.close(directory));
    }
  }

  for (const { name, drive } of forms) {
    for (const [what, one] of Object.entries(cases)) {
      it(`${what}, ${name}`, async () => {
        const plain = await outcome(one, plainCalls, drive);
        assert.deepEqual(await outcome(one, nativeCalls(), drive), plain);
      });
    }
  }
});
