import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { Readable } from 'node:stream';
import { pathToFileURL } from 'node:url';
import * as original from 'atomically';
import { describe, it } from 'vitest';
import * as dropIn from '../../src/compat/atomically.js';
import { isRoot } from '../machine.js';
import { Mounts } from '../mounts.js';
import { ended, startProgram } from '../node-process.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { assertSameOutcome, type Situation } from './same-outcome.js';

interface Atomically {
  readFile(...args: unknown[]): Promise<unknown>;
  readFileSync(...args: unknown[]): unknown;
  writeFile(...args: unknown[]): Promise<unknown>;
  writeFileSync(...args: unknown[]): unknown;
}

const ORIGINAL = original as Atomically;
const DROP_IN = dropIn as Atomically;

/** The three forms of the call. Each says what the caller learns. */
const FORMS: Record<string, (library: Atomically, ...args: unknown[]) => unknown> = {
  'a callback': async ({ writeFile }, ...args) => {
    const calls: unknown[][] = [];
    const result = await writeFile(...args, (...given: unknown[]) => calls.push(given));
    return { calls, result };
  },
  'a promise': ({ writeFile }, ...args) => writeFile(...args),
  sync: ({ writeFileSync }, ...args) => writeFileSync(...args),
};

interface Case extends Situation {
  path?(at: (name: string) => string): unknown;
  data?: unknown;
  options?: unknown;
  root?: boolean;
}

type At = (name: string) => string;

function existing(mode: number, [uid, gid]: [uid?: number, gid?: number] = []): (at: At) => void {
  return (at) => {
    writeFileSync(at('file'), 'old');
    if (uid !== undefined && gid !== undefined) chownSync(at('file'), uid, gid);
    chmodSync(at('file'), mode);
  };
}

const OTHER: [number, number] = [1234, 5678];
const WIDE = 'häß€😀';

const CASES: Case[] = [
  { what: 'a new file, with a umask of 022' },
  { what: 'a new file, with a umask of 077', umask: 0o077 },
  { what: 'a new file, with a umask of 027', umask: 0o027 },
  { what: 'a file with mode 640, with a umask of 077', umask: 0o077, prepare: existing(0o640) },
  { what: 'a file with mode 666, with a umask of 022', prepare: existing(0o666) },
  { what: 'a file with mode 444', prepare: existing(0o444) },
  { what: 'mode 0666 for a new file', umask: 0o027, options: { mode: 0o666 } },
  { what: 'mode 0666 over a file with mode 600', prepare: existing(0o600), options: { mode: 0o666 } },
  {
    what: 'mode 0666 over a file with mode 777',
    umask: 0o077,
    prepare: existing(0o777),
    options: { mode: 0o666 },
  },
  { what: "mode '666' as a string, with a umask of 077", umask: 0o077, options: { mode: '666' } },
  { what: 'the mode of a Stats', umask: 0o077, options: { mode: 0o100666 } },
  { what: 'mode 0600 over a file with mode 644', prepare: existing(0o644), options: { mode: 0o600 } },
  { what: 'mode 0664', umask: 0o027, options: { mode: 0o664 } },
  { what: 'mode 0 over a file', prepare: existing(0o640), options: { mode: 0 } },
  { what: 'mode null over a file', prepare: existing(0o640), options: { mode: null } },
  { what: 'mode false over a file', prepare: existing(0o640), options: { mode: false } },
  { what: 'an empty string as mode', prepare: existing(0o640), options: { mode: '' } },
  { what: 'a mode of the wrong type', prepare: existing(0o640), options: { mode: true } },
  { what: 'a mode that is no octal number', options: { mode: 'rw' } },
  { what: 'a mode that is no integer', options: { mode: 1.5 } },
  { what: 'fsync false', options: { fsync: false } },
  // The original calls `fs.fsync` without a callback in its synchronous form, which throws, and ignores the error.
  { what: 'fsyncWait false', prepare: existing(0o640), options: { fsyncWait: false } },
  { what: 'tmpPurge true', options: { tmpPurge: true } },
  { what: 'tmpCreate and tmpCreated undefined', options: { tmpCreate: undefined, tmpCreated: undefined } },
  { what: 'timeout 0', options: { timeout: 0 } },
  { what: "'latin1' as options", data: WIDE, options: 'latin1' },
  { what: 'the encoding utf16le', data: WIDE, options: { encoding: 'utf16le' } },
  { what: 'the encoding hex', data: 'cafe', options: { encoding: 'hex' } },
  { what: 'half a byte in hex', prepare: existing(0o640), data: 'caf', options: { encoding: 'hex' } },
  { what: 'the encoding base64', data: 'aGVsbG8=', options: { encoding: 'base64' } },
  { what: 'encoding null', data: WIDE, options: { encoding: null } },
  { what: 'an encoding with a Buffer', data: Buffer.from('caf'), options: { encoding: 'hex' } },
  { what: 'a Uint8Array', data: new Uint8Array([1, 2, 3]).subarray(1) },
  { what: 'a DataView', data: new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2) },
  { what: 'an empty Buffer', prepare: existing(0o640), data: Buffer.alloc(0) },
  { what: 'undefined', prepare: existing(0o640), data: undefined },
  { what: 'a number', prepare: existing(0o640), data: 12.5 },
  { what: 'an object', prepare: existing(0o640), data: { a: 1 } },
  { what: 'an array of strings', prepare: existing(0o640), data: ['a', 'b'] },
  { what: 'a Set', prepare: existing(0o640), data: new Set(['a']) },
  { what: 'options that it does not know', options: { flag: 'wx', durability: 'none' } },
  {
    what: 'a symbolic link',
    prepare: (at) => {
      mkdirSync(at('below'));
      writeFileSync(at('below/real'), 'old', { mode: 0o640 });
      symlinkSync('below/real', at('link'));
      symlinkSync('link', at('file'));
    },
  },
  { what: 'a directory', prepare: (at) => mkdirSync(at('file')) },
  { what: 'missing parents', umask: 0o027, path: (at) => at('missing/parents/file') },
  { what: 'a parent that is a file', prepare: existing(0o640), path: (at) => at('file/file') },
  { what: 'a path with a NUL byte', path: (at) => at('a\0b') },
  { what: 'an object as path', path: () => ({}) },
  { what: 'undefined as path', path: () => undefined },
  { what: 'a chown without gid', prepare: existing(0o640), options: { chown: { uid: 0 } } },
  { what: 'a chown that is no object', prepare: existing(0o640), options: { chown: true } },
  { what: 'a chown that is too small', options: { chown: { uid: -2, gid: 0 } } },
  { what: 'chown with -1', options: { chown: { uid: -1, gid: -1 } } },
  { what: 'the owner of the file', root: true, prepare: existing(0o640, OTHER) },
  { what: 'set-id bits of the file', root: true, prepare: existing(0o6755, OTHER) },
  {
    what: 'chown',
    root: true,
    prepare: existing(0o640, OTHER),
    options: { chown: { uid: 4321, gid: 8765 } },
  },
  { what: 'chown of a new file', root: true, options: { chown: { uid: 4321, gid: 8765 } } },
  {
    what: 'chown and mode',
    root: true,
    umask: 0o077,
    prepare: existing(0o640, OTHER),
    options: { chown: { uid: 4321, gid: 8765 }, mode: 0o6751 },
  },
  {
    what: 'mode 0666 over the file of another user',
    root: true,
    prepare: existing(0o640, OTHER),
    options: { mode: 0o666 },
  },
  { what: 'chown false', root: true, prepare: existing(0o644, OTHER), options: { chown: false } },
  { what: 'chown null', root: true, prepare: existing(0o644, OTHER), options: { chown: null } },
  {
    what: 'chown false and mode false',
    root: true,
    umask: 0o027,
    prepare: existing(0o600, OTHER),
    options: { chown: false, mode: false },
  },
];

const scratch = new ScratchDirectory();
const mounts = new Mounts();

describe.each(Object.entries(FORMS))('the drop-in for atomically, as %s', (_, call) => {
  for (const situation of CASES) {
    it.skipIf(situation.root === true && !isRoot)(`does the same with ${situation.what}`, async () => {
      const { data = 'data' in situation ? undefined : 'new', options } = situation;
      await assertSameOutcome(scratch.path, ORIGINAL, DROP_IN, situation, (library, at) => {
        const path = situation.path ? situation.path(at) : at('file');
        return call(library, path, data, ...(options === undefined ? [{}] : [options]));
      });
    });
  }

  it.each([
    ['tmpCreate', () => 'a name', /tmpCreate.*temporary/],
    ['tmpCreated', () => undefined, /tmpCreated.*temporary/],
    ['tmpPurge', false, /tmpPurge.*temporary/],
  ])('refuses %s, and names it', async (option, value, message) => {
    writeFileSync(scratch.at('file'), 'old');
    const refused = { code: 'ERR_INVALID_ARG_VALUE', published: false, message };
    await assert.rejects(async () => call(DROP_IN, scratch.at('file'), 'new', { [option]: value }), refused);
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'old');
  });

  it('refuses null as data', async () => {
    await assert.rejects(async () => call(DROP_IN, scratch.at('file'), null, {}), {
      code: 'ERR_INVALID_ARG_TYPE',
      published: false,
    });
  });

  it('writes all of a Uint16Array', async () => {
    await call(DROP_IN, scratch.at('file'), new Uint16Array([0x6261, 0x6463]), {});
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'abcd');
  });

  it('takes null for no options, and a URL or a Buffer as path', async () => {
    await call(DROP_IN, pathToFileURL(scratch.at('a')), 'a', null);
    await call(DROP_IN, Buffer.from(scratch.at('b')), 'b', null);
    assert.deepEqual(readdirSync(scratch.path).sort(), ['a', 'b']);
  });

  it('refuses an encoding that does not exist', async () => {
    await assert.rejects(async () => call(DROP_IN, scratch.at('file'), 'new', { encoding: 'utf9' }), {
      code: 'ERR_INVALID_ARG_VALUE',
      published: false,
    });
    assert.deepEqual(readdirSync(scratch.path), []);
  });

  it.skipIf(process.platform === 'win32')('does not replace a FIFO', async () => {
    execFileSync('mkfifo', [scratch.at('file')]);
    await assert.rejects(async () => call(DROP_IN, scratch.at('file'), 'new', {}), {
      code: 'ERR_INDELIBLE_NOT_A_FILE',
    });
    assert.ok(lstatSync(scratch.at('file')).isFIFO());
  });

  it('creates the target of a dangling symbolic link', async () => {
    symlinkSync('missing', scratch.at('file'));
    await call(DROP_IN, scratch.at('file'), 'new', {});
    assert.equal(readFileSync(scratch.at('missing'), 'utf8'), 'new');
    assert.ok(lstatSync(scratch.at('file')).isSymbolicLink());
  });

  it('does not write a file of another name where the name is too long', async () => {
    const path = scratch.at('x'.repeat(300));
    // Node's error for any name that Windows refuses is ENOENT.
    const code = process.platform === 'win32' ? 'ENOENT' : 'ENAMETOOLONG';
    await assert.rejects(async () => call(DROP_IN, path, 'new', {}), { code });
    assert.deepEqual(readdirSync(scratch.path), []);
  });

  it.skipIf(!isRoot)('keeps the old file on a full disk', async (test) => {
    mkdirSync(scratch.at('disk'));
    const refused = mounts.mount(scratch.at('disk'), ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs']);
    test.skip(refused !== undefined, refused);
    writeFileSync(scratch.at('disk', 'file'), 'old');
    const data = 'x'.repeat(3_000_000);
    await assert.rejects(async () => call(DROP_IN, scratch.at('disk', 'file'), data, {}), { code: 'ENOSPC' });
    assert.equal(readFileSync(scratch.at('disk', 'file'), 'utf8'), 'old');
    assert.deepEqual(readdirSync(scratch.at('disk')), ['file']);
  });
});

/** What is compared beyond one call. */
const SEQUENCES: (Situation & { run(library: Atomically, at: At): unknown })[] = [
  {
    what: 'a Readable',
    prepare: existing(0o640),
    run: ({ writeFile }, at) => writeFile(at('file'), Readable.from(['a', Buffer.from('b'), WIDE])),
  },
  {
    what: 'a Readable of strings, whatever the encoding',
    run: ({ writeFile }, at) => writeFile(at('file'), Readable.from(['6162', '63']), 'hex'),
  },
  {
    what: 'an empty Readable',
    prepare: existing(0o640),
    run: ({ writeFile }, at) => writeFile(at('file'), Readable.from([])),
  },
  {
    what: 'a Readable in the synchronous form',
    prepare: existing(0o640),
    run: ({ writeFileSync }, at) => writeFileSync(at('file'), Readable.from(['a'])),
  },
  {
    what: 'calls of one tick, of which two have a Readable',
    run: async ({ writeFile }, at) => {
      const order: string[] = [];
      const slow = async function* (text: string) {
        for (const part of text) {
          await new Promise((resolve) => setTimeout(resolve, 3));
          yield part;
        }
      };
      const row = ['a', 'bbb', 'c', 'ddd', 'e'];
      const write = async (name: string, data: unknown) => {
        await writeFile(at('file'), data);
        order.push(name);
        // The next one of the row may be there by now.
        const content = readFileSync(at('file'), 'utf8');
        assert.ok(row.slice(order.length - 1).includes(content), `${content} after ${order}`);
      };
      const other = writeFile(at('other'), 'not in the row');
      await Promise.all([
        write('a', 'a'),
        write('b', Readable.from(slow('bbb'))),
        write('c', 'c'),
        write('d', Readable.from(slow('ddd'))),
        write('e', 'e'),
        other,
      ]);
      return order;
    },
  },
  {
    what: 'a schedule',
    run: async ({ writeFile }, at) => {
      const log: unknown[] = [];
      await writeFile(at('file'), 'new', {
        schedule: async (path: string) => {
          log.push(path, readdirSync(at('')));
          await new Promise((resolve) => setTimeout(resolve, 5));
          log.push(readdirSync(at('')));
          return () => log.push('done', readdirSync(at('')));
        },
      });
      return log;
    },
  },
  {
    what: 'a schedule in the synchronous form',
    run: ({ writeFileSync }, at) =>
      writeFileSync(at('file'), 'new', { schedule: () => assert.fail('it is asynchronous') }),
  },
  {
    what: 'a schedule that rejects',
    prepare: existing(0o640),
    run: ({ writeFile }, at) =>
      writeFile(at('file'), 'new', { schedule: () => Promise.reject(new RangeError('no')) }),
  },
  {
    what: 'a schedule of a write that fails',
    prepare: (at) => mkdirSync(at('file')),
    run: async ({ writeFile }, at) => {
      let done = 0;
      const schedule = async () => () => {
        done += 1;
      };
      await assert.rejects(writeFile(at('file'), 'new', { schedule }), { code: 'EISDIR' });
      return done;
    },
  },
  {
    what: 'a schedule that changes the order of two calls',
    run: async ({ writeFile }, at) => {
      let release: (() => void) | undefined;
      const later = new Promise<void>((resolve) => {
        release = resolve;
      });
      const first = writeFile(at('file'), 'first', { schedule: () => later.then(() => () => undefined) });
      await writeFile(at('file'), 'second');
      release?.();
      await first;
    },
  },
  {
    what: 'a failed call between two others',
    run: async ({ writeFile }, at) => {
      const calls = ['a', 12.5, 'c'].map((data) => writeFile(at('file'), data));
      return (await Promise.allSettled(calls)).map(({ status }) => status);
    },
  },
  {
    what: 'a callback in the place of the options',
    run: ({ writeFile }, at) =>
      new Promise((resolve) => writeFile(at('file'), 'new', (...given: unknown[]) => resolve(given))),
  },
  {
    what: 'a callback and an error',
    prepare: (at) => mkdirSync(at('file')),
    run: async ({ writeFile }, at) => {
      const errors: unknown[] = [];
      const callback = (error: NodeJS.ErrnoException) => errors.push(error.code);
      await assert.rejects(writeFile(at('file'), 'new', {}, callback), { code: 'EISDIR' });
      return errors;
    },
  },
];

const READS: (Situation & { args(at: At): unknown[] })[] = [
  { what: 'no options', args: (at) => [at('file')] },
  { what: 'an encoding as options', args: (at) => [at('file'), 'latin1'] },
  { what: 'an encoding', args: (at) => [at('file'), { encoding: 'utf8', mode: 0o600, timeout: 5 }] },
  { what: 'encoding null', args: (at) => [at('file'), { encoding: null }] },
  { what: 'an unknown encoding', args: (at) => [at('file'), { encoding: 'no' }] },
  { what: 'a missing file', args: (at) => [at('missing'), 'utf8'] },
  { what: 'a directory', args: (at) => [at(''), { timeout: 0 }] },
  { what: 'a path of the wrong type', args: () => [undefined] },
];

describe('the drop-in for atomically', () => {
  for (const sequence of SEQUENCES) {
    it(`does the same with ${sequence.what}`, () =>
      assertSameOutcome(scratch.path, ORIGINAL, DROP_IN, sequence, sequence.run));
  }

  for (const form of ['readFile', 'readFileSync'] as const) {
    for (const { what, args } of READS) {
      it(`does the same with ${form} and ${what}`, () =>
        assertSameOutcome(
          scratch.path,
          ORIGINAL,
          DROP_IN,
          { what, prepare: existing(0o640) },
          (library, at) => library[form](...args(at)),
        ));
    }
  }

  it('publishes an asynchronous call before a later one that is synchronous', async () => {
    const earlier = dropIn.writeFile(scratch.at('file'), 'earlier');
    dropIn.writeFileSync(scratch.at('file'), 'later');
    await earlier;
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'later');
  });

  it('rejects with the error of a Readable, also of one that waits, and goes on', async () => {
    const failing = () => {
      const stream = new Readable({ read: () => undefined });
      setImmediate(() => stream.destroy(new RangeError('of the stream')));
      return stream;
    };
    const first = dropIn.writeFile(scratch.at('file'), failing());
    const second = dropIn.writeFile(scratch.at('file'), failing());
    const third = dropIn.writeFile(scratch.at('file'), 'third');
    await assert.rejects(first, { message: 'of the stream' });
    await assert.rejects(second, { message: 'of the stream' });
    await third;
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'third');
    assert.deepEqual(scratch.temporaries(), []);
  });

  // prlimit(1) is part of util-linux.
  it.skipIf(process.platform !== 'linux')('reads again when there is a free descriptor', async () => {
    writeFileSync(scratch.at('file'), 'content');
    const { stdout, stderr } = await ended(
      startProgram('read-without-descriptors.mjs', [scratch.at('file')]),
    );
    assert.deepEqual([stdout, stderr], ['["EMFILE","EMFILE","content"]\n', '']);
  });

  it('does not let a Readable wait for one of another path', async () => {
    const endless = new Readable({ read: () => undefined });
    const waiting = dropIn.writeFile(scratch.at('endless'), endless);
    await dropIn.writeFile(scratch.at('file'), Readable.from(['new']));
    endless.push(null);
    await waiting;
    assert.deepEqual(readdirSync(scratch.path).sort(), ['endless', 'file']);
  });
});
