import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { Writer as Original } from 'steno';
import { describe, it } from 'vitest';
import { Writer } from '../../src/compat/steno.js';
import { isRoot } from '../machine.js';
import { Mounts } from '../mounts.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { assertSameOutcome, nameOf, type Situation } from './same-outcome.js';

type At = (name: string) => string;
type Library = new (filename: unknown) => { write(data: unknown): Promise<void> };

const ORIGINAL = Original as unknown as Library;
const DROP_IN = Writer as unknown as Library;

/** What the writes did, in the order in which they settled. */
async function settled(
  writes: readonly (readonly [name: string, write: Promise<void>])[],
): Promise<string[]> {
  const log: string[] = [];
  await Promise.all(
    writes.map(async ([name, write]) => {
      try {
        log.push(`${name} resolved with ${await write}`);
      } catch (error) {
        log.push(`${name} rejected with ${nameOf(error)}`);
      }
    }),
  );
  return log;
}

/** Data with an error of its own. */
function* failing(): Generator<string> {
  yield 'a';
  throw new RangeError('of the data');
}

/** What makes data that is not written. */
const REFUSED: Record<string, () => unknown> = { '!': () => 5, '?': failing };

/** Writes all of it in one tick. */
function writeRow(writer: InstanceType<Library>, row: string): Promise<string[]> {
  return settled([...row].map((name) => [name, writer.write(REFUSED[name]?.() ?? name)] as const));
}

function* chunks(): Generator<string | Uint8Array> {
  yield 'a';
  yield Buffer.from('b');
  yield 'ü';
}

const CASES: (Situation & { run(Writer: Library, at: At): unknown })[] = [
  ...[0o022, 0o077, 0o027].map((umask) => ({
    what: `a new file, with a umask of ${umask.toString(8)}`,
    umask,
    run: (Writer: Library, at: At) => new Writer(at('file')).write('new'),
  })),
  ...(
    [
      ['a string', 'häß€😀'],
      ['an empty string', ''],
      ['a Buffer', Buffer.from('new')],
      ['a Uint16Array', new Uint16Array([0x6261, 0x6463])],
      ['a DataView', new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2)],
      ['an array of strings', ['a', 'b']],
      ['a number', 5],
      ['undefined', undefined],
      ['null', null],
      ['an object', {}],
      ['a boolean', true],
    ] as const
  ).map(([what, data]) => ({
    what,
    prepare: (at: At) => writeFileSync(at('file'), 'old'),
    run: (Writer: Library, at: At) => new Writer(at('file')).write(data),
  })),
  { what: 'a generator', run: (Writer, at) => new Writer(at('file')).write(chunks()) },
  { what: 'a Readable', run: (Writer, at) => new Writer(at('file')).write(Readable.from(chunks())) },
  { what: 'a Buffer as path', run: (Writer, at) => new Writer(Buffer.from(at('file'))).write('new') },
  { what: 'a URL as path', run: (Writer, at) => new Writer(pathToFileURL(at('file'))).write('new') },
  { what: 'a URL that is no path', run: (Writer) => new Writer(new URL('http://example.org')).write('new') },
  { what: 'a path with a NUL byte', run: (Writer, at) => new Writer(at('a\0b')).write('new') },
  { what: 'a missing parent', run: (Writer, at) => new Writer(at('missing/file')).write('new') },
  { what: 'a name that is too long', run: (Writer, at) => new Writer(at('x'.repeat(300))).write('new') },
  {
    what: 'a parent that is a file',
    prepare: (at) => writeFileSync(at('file'), 'old'),
    run: (Writer, at) => new Writer(at('file/file')).write('new'),
  },
  {
    what: 'a symbolic link, which it replaces',
    prepare: (at) => {
      writeFileSync(at('real'), 'old');
      symlinkSync('real', at('file'));
    },
    run: (Writer, at) => new Writer(at('file')).write('new'),
  },
  {
    what: 'a dangling symbolic link, which it replaces',
    prepare: (at) => symlinkSync('missing', at('file')),
    run: (Writer, at) => new Writer(at('file')).write('new'),
  },
  ...[
    'ab',
    'abc',
    'abcdef',
    '!',
    'a!',
    '!a',
    'a!b',
    '!ab',
    'ab!',
    'a!!',
    '!!',
    '!!a',
    '!a!',
    '!?',
    '?!',
    'a!?',
  ].map((row) => ({
    what: `the writes ${row} of one tick, where ! and ? are refused`,
    run: (Writer: Library, at: At) => writeRow(new Writer(at('file')), row),
  })),
  {
    what: 'rows of writes one after the other',
    run: async (Writer, at) => {
      const writer = new Writer(at('file'));
      const log: string[] = [];
      for (const row of ['abc', 'd!', 'e', '!f', 'gh']) {
        log.push(...(await writeRow(writer, row)), readFileSync(at('file'), 'utf8'));
      }
      return log;
    },
  },
  {
    what: 'writes that follow when others are done',
    run: async (Writer, at) => {
      const writer = new Writer(at('file'));
      const log: string[] = [];
      const [a, b] = [writer.write('a'), writer.write('b')];
      const followed = b.then(async () => {
        log.push('b');
        log.push(...(await writeRow(writer, 'cde')));
      });
      await a;
      log.push('a');
      await followed;
      return log;
    },
  },
  {
    what: 'two writers for two files',
    run: async (Writer, at) => {
      const writers = ['a', 'b'].map((name) => new Writer(at(name)));
      return await Promise.all(writers.map((writer, index) => writeRow(writer, `${index}xy${index}`)));
    },
  },
];

const scratch = new ScratchDirectory();
const mounts = new Mounts();

describe('the drop-in for steno', () => {
  for (const situation of CASES) {
    it(`does the same with ${situation.what}`, () =>
      assertSameOutcome(scratch.path, ORIGINAL, DROP_IN, situation, situation.run));
  }

  it('keeps the mode of the file', async () => {
    for (const mode of [0o600, 0o664]) {
      writeFileSync(scratch.at('file'), 'old');
      chmodSync(scratch.at('file'), mode);
      await new Writer(scratch.at('file')).write('new');
      assert.equal(statSync(scratch.at('file')).mode & 0o7777, mode);
    }
  });

  it('refuses a directory', async () => {
    mkdirSync(scratch.at('file'));
    await assert.rejects(new Writer(scratch.at('file')).write('new'), { code: 'EISDIR' });
    assert.deepEqual(readdirSync(scratch.path), ['file']);
  });

  it('refuses a path that is no path when it is made', () => {
    assert.throws(() => new DROP_IN(5), { code: 'ERR_INVALID_ARG_TYPE', message: /"filename"/ });
  });

  it('rejects null while it writes, and writes what comes after', async () => {
    const writer = new DROP_IN(scratch.at('file'));
    const writes = [writer.write('a'), writer.write(null)];
    assert.deepEqual(
      (await Promise.allSettled(writes)).map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    await writer.write('b');
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'b');
  });

  it('leaves nothing behind where the data fails', async () => {
    writeFileSync(scratch.at('file'), 'old');
    await assert.rejects(new Writer(scratch.at('file')).write(failing()), { message: 'of the data' });
    assert.deepEqual(readdirSync(scratch.path), ['file']);
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'old');
  });

  it('writes whole files where two writers have one path', async () => {
    const contents = ['a'.repeat(200_000), 'b'.repeat(100_000)];
    const writers = contents.map(() => new Writer(scratch.at('file')));
    for (let round = 0; round < 5; round += 1) {
      await Promise.all(writers.map((writer, index) => writer.write(contents[index] ?? '')));
      assert.ok(contents.includes(readFileSync(scratch.at('file'), 'utf8')));
    }
  });

  it('writes to the same file after the working directory has changed', async () => {
    const before = process.cwd();
    mkdirSync(scratch.at('other'));
    process.chdir(scratch.path);
    try {
      const writer = new Writer('file');
      process.chdir('other');
      await writer.write('new');
    } finally {
      process.chdir(before);
    }
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
  });

  it.skipIf(!isRoot)('keeps the old file on a full disk', async (test) => {
    mkdirSync(scratch.at('disk'));
    const refused = mounts.mount(scratch.at('disk'), ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs']);
    test.skip(refused !== undefined, refused);
    writeFileSync(scratch.at('disk', 'file'), 'old');
    await assert.rejects(new Writer(scratch.at('disk', 'file')).write('x'.repeat(3_000_000)), {
      code: 'ENOSPC',
    });
    assert.equal(readFileSync(scratch.at('disk', 'file'), 'utf8'), 'old');
    assert.deepEqual(readdirSync(scratch.at('disk')), ['file']);
  });
});
