import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { nodeFs, promises } from '../../src/compat/fs.js';
import { isRoot, NOBODY } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { callAs } from './call-as.js';

const scratch = new ScratchDirectory();
const isWindows = process.platform === 'win32';

// The types refuse the wrong arguments that some cases are about.
type Arguments = readonly unknown[];
type Form = (...given: Arguments) => Promise<unknown>;

/** The forms of the call, of one implementation. Each gives the result, or rejects or throws. */
function formsOf(module: typeof fs): Record<'callback' | 'sync' | 'promise', Form> {
  return {
    callback: (...given) =>
      new Promise((resolve, reject) => {
        const done = (...answer: unknown[]) => (answer[0] ? reject(answer[0]) : resolve(answer));
        Reflect.apply(module.writeFile, module, [...given, done]);
      }),
    sync: async (...given) => Reflect.apply(module.writeFileSync, module, [...given]),
    promise: (...given) => Reflect.apply(module.promises.writeFile, module.promises, [...given]),
  };
}

const OURS = formsOf(nodeFs);
const NODES = formsOf(fs);
type FormName = keyof typeof OURS;
const ALL = ['callback', 'sync', 'promise'] as const;
const PROMISE = ['promise'] as const;
const ASYNCHRONOUS = ['callback', 'promise'] as const;

interface Case {
  title: string;
  /** The forms that take such arguments. */
  forms: readonly FormName[];
  /** Prepares the directory. Default: a file with an old content and the mode 0640. */
  prepare?(directory: string): void;
  /** Opens what the arguments need, and closes it. */
  withArguments(directory: string, call: (...given: Arguments) => Promise<unknown>): Promise<unknown>;
}

function named(title: string, given: (directory: string) => Arguments, more: Partial<Case> = {}): Case {
  return { title, forms: ALL, withArguments: (directory, call) => call(...given(directory)), ...more };
}

/** A case for the file `old`, which exists. */
function replacing(title: string, ...given: Arguments): Case {
  return named(title, (directory) => [join(directory, 'old'), ...given]);
}

/** A case for the file `new`, which does not exist. */
function creating(title: string, ...given: Arguments): Case {
  return named(title, (directory) => [join(directory, 'new'), ...given]);
}

function chunks(title: string, data: () => unknown, ...given: Arguments): Case {
  return named(title, (directory) => [join(directory, 'old'), data(), ...given], { forms: PROMISE });
}

const OLD = 'the old content, which is longer';
const BYTES = Uint8Array.of(0xff, 0, 0x80, 10);
const { O_CREAT, O_EXCL, O_TRUNC, O_WRONLY } = fs.constants;
const aborted = (): AbortSignal => AbortSignal.abort(new Error('because'));

const CASES: readonly Case[] = [
  // Data.
  replacing('a string', 'new'),
  replacing('an empty string', ''),
  replacing('a string and an encoding', 'c3a4', 'hex'),
  replacing('a string and null for the encoding', 'ä', { encoding: null }),
  replacing('a string in latin1', 'ä', { encoding: 'latin1' }),
  replacing('a string in UCS-2', 'ä', 'ucs2'),
  replacing('a Buffer', Buffer.from(BYTES)),
  replacing('a Uint8Array that is a part of its buffer', BYTES.subarray(1, 3)),
  replacing('a Uint16Array', Uint16Array.of(258, 772)),
  replacing('a DataView', new DataView(BYTES.buffer, 1, 2)),
  replacing('an encoding for a Buffer, which is ignored', Buffer.from(BYTES), 'hex'),
  replacing('an ArrayBuffer, which is refused', BYTES.buffer),
  replacing('a number, which is refused', 7),
  replacing('null, which is refused', null),
  replacing('undefined, which is refused', undefined),
  replacing('an object with toString, which is refused', { toString: () => 'text' }),
  chunks('an iterable of strings', () => ['a', 'b', 'c']),
  chunks('an iterable of views', () => [BYTES, new DataView(BYTES.buffer, 2)]),
  chunks('an empty iterable', () => []),
  chunks('an iterable of strings and an encoding', () => ['c3', 'a4'], 'hex'),
  chunks(
    'an asynchronous iterable',
    async function* () {
      yield 'a';
      yield Buffer.from('b');
    }.bind(undefined),
  ),
  chunks('a stream', () => Readable.from(['a', 'b'])),
  named('an iterable for a form that takes none', (directory) => [join(directory, 'old'), ['a']], {
    forms: ['callback', 'sync'],
    prepare: () => undefined,
  }),

  // Paths.
  named('a Buffer as the path', (directory) => [Buffer.from(join(directory, 'old')), 'new']),
  named('a URL as the path', (directory) => [pathToFileURL(join(directory, 'old')), 'new']),
  named('a URL that is not of a file', () => [new URL('https://example.org/x'), 'new']),
  named('a path with a null byte', (directory) => [join(directory, 'a\0b'), 'new']),
  named('an empty path', () => ['', 'new']),
  // The fs of Deno makes a file of such a name in the working directory.
  ...(process.versions.deno === undefined
    ? [named('a path of the wrong type', () => [{}, 'new']), named('null as the path', () => [null, 'new'])]
    : []),
  named('a directory', (directory) => [directory, 'new']),
  named('a missing directory', (directory) => [join(directory, 'missing/file'), 'new']),
  named('a file as a directory', (directory) => [join(directory, 'old/file'), 'new']),
  named('a path that ends in a slash', (directory) => [`${join(directory, 'new')}/`, 'new']),
  named('a name that is too long', (directory) => [join(directory, 'n'.repeat(256)), 'new']),
  named('a name of the greatest length', (directory) => [join(directory, 'n'.repeat(255)), 'new']),
  {
    title: 'a descriptor, at its position',
    forms: ALL,
    async withArguments(directory, call) {
      const descriptor = fs.openSync(join(directory, 'old'), 'r+');
      try {
        fs.readSync(descriptor, Buffer.alloc(4));
        return await call(descriptor, 'new');
      } finally {
        fs.closeSync(descriptor);
      }
    },
  },
  named('a descriptor that is not open', () => [999_999, 'new']),
  {
    title: 'a FileHandle',
    forms: PROMISE,
    async withArguments(directory, call) {
      await using handle = await fs.promises.open(join(directory, 'old'), 'r+');
      return await call(handle, 'new');
    },
  },

  // Flags.
  replacing("the flag 'w'", 'new', { flag: 'w' }),
  replacing("the flag 'w+'", 'new', { flag: 'w+' }),
  replacing("the flag 'wx' for a file that exists", 'new', { flag: 'wx' }),
  creating("the flag 'wx' for a new file", 'new', { flag: 'wx' }),
  replacing("the flag 'xw+' for a file that exists", 'new', { flag: 'xw+' }),
  replacing("the flag 'a'", 'new', { flag: 'a' }),
  creating("the flag 'a' for a new file", 'new', { flag: 'a' }),
  replacing("the flag 'ax' for a file that exists", 'new', { flag: 'ax' }),
  replacing("the flag 'r+', which replaces a part", 'new', { flag: 'r+' }),
  creating("the flag 'r+' for a missing file", 'new', { flag: 'r+' }),
  replacing("the flag 'as'", 'new', { flag: 'as' }),
  replacing('a number for the flag of a replacement', 'new', { flag: O_CREAT | O_TRUNC | O_WRONLY }),
  replacing('a number for the flag of a new file', 'new', { flag: O_CREAT | O_EXCL | O_WRONLY }),
  replacing('a number for the flag without truncation', 'new', { flag: O_WRONLY }),
  replacing('an empty flag', 'new', { flag: '' }),
  replacing('an unknown flag', 'new', { flag: 'q' }),

  // Modes.
  replacing('a mode for a file that exists, which keeps its own', 'new', { mode: 0o600 }),
  creating('a mode for a new file', 'new', { mode: 0o600 }),
  creating('a mode that the umask reduces', 'new', { mode: 0o777 }),
  creating('a mode as a string', 'new', { mode: '644' }),
  creating('a mode with the bits of a file type', 'new', { mode: 0o100600 }),
  creating('a mode of 0', 'new', { mode: 0 }),
  creating('null for the mode', 'new', { mode: null }),
  creating('no mode', 'new'),
  creating('a mode that is no octal number', 'new', { mode: '9' }),
  creating('a negative mode', 'new', { mode: -1 }),
  creating('a fraction as the mode', 'new', { mode: 1.5 }),
  creating('an object as the mode', 'new', { mode: {} }),

  // Other options.
  replacing('undefined for the options', 'new', undefined),
  replacing('null for the options', 'new', null),
  replacing('an empty object for the options', 'new', {}),
  replacing('a number for the options', 'new', 7),
  replacing('flush', 'new', { flush: true }),
  replacing('no flush', 'new', { flush: false }),
  replacing('null for flush', 'new', { flush: null }),
  replacing('a wrong type for flush', 'new', { flush: 'yes' }),
  replacing('an unknown encoding', 'new', 'utf-1'),
  replacing('an unknown encoding among the options', 'new', { encoding: 'utf-1' }),
  replacing('an option that fs does not know', 'new', { durability: 'none' }),
  { ...replacing('a signal', 'new', { signal: new AbortController().signal }), forms: ASYNCHRONOUS },
  { ...replacing('an aborted signal', 'new', { signal: aborted() }), forms: ALL },
  replacing('a wrong type for the signal', 'new', { signal: 'stop' }),
  replacing('null for the signal', 'new', { signal: null }),
];

/** Cases for which POSIX has to be there. */
const POSIX: readonly Case[] = [
  named('a symbolic link, which stays', (directory) => [join(directory, 'link'), 'new'], {
    prepare(directory) {
      fs.writeFileSync(join(directory, 'old'), OLD, { mode: 0o640 });
      fs.symlinkSync('old', join(directory, 'link'));
    },
  }),
  named('a dangling symbolic link, whose target is made', (directory) => [join(directory, 'link'), 'new'], {
    prepare: (directory) => fs.symlinkSync('target', join(directory, 'link')),
  }),
  named('a link to itself', (directory) => [join(directory, 'link'), 'new'], {
    prepare: (directory) => fs.symlinkSync('link', join(directory, 'link')),
  }),
  named('a dangling link with wx', (directory) => [join(directory, 'link'), 'new', { flag: 'wx' }], {
    prepare: (directory) => fs.symlinkSync('target', join(directory, 'link')),
  }),
  named('/dev/null', () => ['/dev/null', 'new']),
  named('/dev/full, which is always full', () => ['/dev/full', 'new']),
  {
    title: 'an open file by the path of its descriptor, which stays that file',
    forms: ALL,
    async withArguments(directory, call) {
      const descriptor = fs.openSync(join(directory, 'old'), 'r+');
      try {
        await call(`/dev/fd/${descriptor}`, 'new');
        return fs.readFileSync(descriptor, 'utf8');
      } finally {
        fs.closeSync(descriptor);
      }
    },
  },
  named('chunks for /dev/null', () => ['/dev/null', ['new']], { forms: PROMISE }),
  {
    title: 'a FIFO that is read',
    forms: ALL,
    prepare: (directory) => void execFileSync('mkfifo', [join(directory, 'fifo')]),
    async withArguments(directory, call) {
      const path = join(directory, 'fifo');
      const reader = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
      try {
        await call(path, 'new');
        return fs.readSync(reader, Buffer.alloc(9));
      } finally {
        fs.closeSync(reader);
      }
    },
  },
];

/** Files of the kernel, which cannot be replaced. */
const LINUX: readonly Case[] = [
  named('a file of /proc', () => ['/proc/self/comm', 'vitest']),
  named('chunks for a file of /proc', () => ['/proc/self/comm', ['vitest']], { forms: PROMISE }),
  named('a missing file of /proc', () => ['/proc/self/missing', 'new']),
];

type State = readonly { name: string; content: string; mode: number; link: string }[];

function stateOf(directory: string): State {
  return fs
    .readdirSync(directory)
    .sort()
    .map((name) => {
      const path = join(directory, name);
      const stats = fs.lstatSync(path);
      // Its owner has to be able to read it.
      if (stats.isFile() && (stats.mode & 0o400) === 0) fs.chmodSync(path, 0o600);
      return {
        name,
        mode: stats.mode,
        link: stats.isSymbolicLink() ? fs.readlinkSync(path) : '',
        content: stats.isFile() ? fs.readFileSync(path, 'latin1') : '',
      };
    });
}

interface Outcome {
  result?: unknown;
  error?: { name: string; code: unknown; cause: unknown };
  state: State;
}

async function outcomeOf({ prepare, withArguments }: Case, form: Form, name: string): Promise<Outcome> {
  const directory = scratch.at(name);
  fs.mkdirSync(directory);
  if (prepare === undefined) fs.writeFileSync(join(directory, 'old'), OLD, { mode: 0o640 });
  else prepare(directory);
  try {
    const result = await withArguments(directory, form);
    return { result, state: stateOf(directory) };
  } catch (error) {
    assert.ok(error instanceof Error);
    const { code, cause }: { code?: unknown; cause?: unknown } = error;
    return { error: { name: error.name, code, cause: cause && `${cause}` }, state: stateOf(directory) };
  }
}

describe.each([0o022, 0o077])('with the umask %i, indelible/fs does what fs does, for', (umask) => {
  let before = 0;
  beforeEach(() => {
    before = process.umask(umask);
  });
  afterEach(() => void process.umask(before));

  const all = [...CASES, ...(isWindows ? [] : POSIX), ...(process.platform === 'linux' ? LINUX : [])];
  const cases = umask === 0o022 ? all : CASES.filter(({ title }) => /\bmode\b/.test(title));
  const calls = cases.flatMap((one) => one.forms.map((form) => [one.title, form, one] as const));
  it.each(calls)('%s (%s)', async (_, form, one) => {
    const ours = await outcomeOf(one, OURS[form], 'ours');
    const nodes = await outcomeOf(one, NODES[form], 'node');
    assert.deepEqual(ours, nodes);
  });
});

describe.skipIf(!isRoot)('indelible/fs, for a user without privileges,', () => {
  const user = { uid: NOBODY, gid: NOBODY };
  const OURS = ['indelible/fs.writeFileSync', 'indelible/fs.promises.writeFile'];

  beforeEach(() => fs.chmodSync(scratch.path, 0o777));

  it.each([...OURS, 'fs.writeFileSync'])(
    'refuses a file that the user may not write, as fs does: %s',
    async (call) => {
      fs.writeFileSync(scratch.at('file'), 'old', { mode: 0o444 });
      fs.chownSync(scratch.at('file'), user.uid, user.gid);
      const { error } = await callAs(user, call, scratch.at('file'), 'new');
      assert.equal(error?.code, 'EACCES');
      assert.equal(error.syscall, 'open');
      assert.equal(fs.readFileSync(scratch.at('file'), 'utf8'), 'old');
      assert.deepEqual(fs.readdirSync(scratch.path), ['file']);
    },
  );

  it.each(OURS)('replaces a file that the group of the user may write: %s', async (call) => {
    fs.writeFileSync(scratch.at('file'), 'old');
    fs.chownSync(scratch.at('file'), 0, user.gid);
    fs.chmodSync(scratch.at('file'), 0o060);
    const { error } = await callAs(user, call, scratch.at('file'), 'new');
    assert.equal(error, undefined);
    assert.equal(fs.readFileSync(scratch.at('file'), 'utf8'), 'new');
  });
});

describe('indelible/fs', () => {
  const path = (): string => scratch.at('file');

  const replacements: [string, Arguments][] = [
    ['a string', ['new']],
    ['a view', [Buffer.from('new')]],
    ['every option of fs', ['new', { encoding: 'utf8', mode: 0o600, flag: 'w', flush: true }]],
    ["the flag 'w+'", ['new', { flag: 'w+' }]],
    ['no flush', ['new', { flush: false }]],
  ];
  for (const form of ALL) {
    it.each(replacements)(
      `replaces the file instead of writing into it, with %s (${form})`,
      async (_, given) => {
        fs.writeFileSync(path(), 'old');
        const old = fs.openSync(path(), 'r');
        try {
          await OURS[form](path(), ...given);
          assert.equal(fs.readFileSync(path(), 'utf8'), 'new');
          assert.equal(fs.readFileSync(old, 'utf8'), 'old');
        } finally {
          fs.closeSync(old);
        }
      },
    );
  }

  it('keeps the old file when the chunks end in an error', async () => {
    fs.writeFileSync(path(), 'old');
    const failing = async function* () {
      yield 'new';
      throw new Error('no more');
    };
    await assert.rejects(promises.writeFile(path(), failing()), /no more/);
    assert.equal(fs.readFileSync(path(), 'utf8'), 'old');
    assert.deepEqual(fs.readdirSync(scratch.path), ['file']);
  });

  it('keeps the old file when a chunk is refused', async () => {
    fs.writeFileSync(path(), 'old');
    const write = Reflect.apply(promises.writeFile, promises, [path(), ['new', 1]]);
    await assert.rejects(write, { code: 'ERR_INVALID_ARG_TYPE' });
    assert.equal(fs.readFileSync(path(), 'utf8'), 'old');
  });

  it('keeps the old file when a signal aborts the call', async () => {
    fs.writeFileSync(path(), 'old');
    const controller = new AbortController();
    const endless = async function* () {
      yield 'new';
      controller.abort();
      await new Promise(() => undefined);
    };
    const { signal } = controller;
    await assert.rejects(promises.writeFile(path(), endless(), { signal }), { name: 'AbortError' });
    assert.equal(fs.readFileSync(path(), 'utf8'), 'old');
  });

  it('keeps the order of the calls, of all forms', async () => {
    const called = [promises.writeFile(path(), '1'), OURS.callback(path(), '2')];
    nodeFs.writeFileSync(path(), '3');
    called.push(promises.writeFile(path(), '4'));
    await Promise.all(called);
    assert.equal(fs.readFileSync(path(), 'utf8'), '4');
  });

  it('makes the path absolute when it is called', async () => {
    const directory = process.cwd();
    process.chdir(scratch.path);
    const written = promises.writeFile('file', 'new');
    process.chdir(directory);
    await written;
    assert.equal(fs.readFileSync(path(), 'utf8'), 'new');
  });

  it('has everything else of fs as it is', () => {
    const own = ['writeFile', 'writeFileSync', 'promises'];
    for (const name of Object.keys(fs)) {
      assert.ok(name in nodeFs, name);
      if (!own.includes(name)) {
        assert.equal(Reflect.get(nodeFs, name), Reflect.get(fs, name), name);
      }
    }
    for (const [name, value] of Object.entries(fs.promises)) {
      if (name !== 'writeFile') assert.equal(Reflect.get(nodeFs.promises, name), value, name);
    }
    assert.equal(nodeFs.promises, promises);
  });

  it('has functions with the names and the parameters of those of fs', () => {
    for (const [ours, nodes] of [
      [nodeFs.writeFile, fs.writeFile],
      [nodeFs.writeFileSync, fs.writeFileSync],
      [promises.writeFile, fs.promises.writeFile],
    ]) {
      assert.deepEqual([ours?.name, ours?.length], [nodes?.name, nodes?.length]);
    }
  });
});
