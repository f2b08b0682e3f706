import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { describe, it } from 'vitest';
import { type Callback, sync, writeFile } from '../../src/compat/write-file-atomic.js';
import { isRoot } from '../machine.js';
import { Mounts } from '../mounts.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { assertSameOutcome, type Situation } from './same-outcome.js';

interface WriteFileAtomic {
  (...args: unknown[]): Promise<unknown>;
  sync(...args: unknown[]): unknown;
}

const original: WriteFileAtomic = createRequire(import.meta.url)('write-file-atomic');
const dropIn = Object.assign(writeFile, { sync }) as WriteFileAtomic;

/** The three forms of the call. Each says what the caller learns. */
const FORMS: Record<string, (library: WriteFileAtomic, ...args: unknown[]) => unknown> = {
  'a callback': async (library, ...args) => {
    const calls: unknown[][] = [];
    const result = await library(...args, (...given: unknown[]) => {
      calls.push(given);
      return 'from the callback';
    });
    const [[error] = []] = calls;
    if (error !== undefined) throw error;
    return { calls, result };
  },
  'a promise': (library, ...args) => library(...args),
  sync: (library, ...args) => library.sync(...args),
};

interface Case extends Situation {
  path?(at: (name: string) => string): unknown;
  data?: unknown;
  options?: unknown;
  /** Default: all. */
  forms?: string[];
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
const ASYNCHRONOUS = ['a callback', 'a promise'];
const WIDE = 'häß€😀';

const CASES: Case[] = [
  { what: 'a new file, with a umask of 022' },
  { what: 'a new file, with a umask of 077', umask: 0o077 },
  { what: 'a new file, with a umask of 027', umask: 0o027 },
  { what: 'a file with mode 640, with a umask of 077', umask: 0o077, prepare: existing(0o640) },
  { what: 'a file with mode 666, with a umask of 022', prepare: existing(0o666) },
  { what: 'a file with mode 666, with a umask of 077', umask: 0o077, prepare: existing(0o666) },
  { what: 'a file with mode 444', prepare: existing(0o444) },
  { what: 'mode 0666 for a new file, with a umask of 077', umask: 0o077, options: { mode: 0o666 } },
  { what: 'mode 0600 over a file with mode 644', prepare: existing(0o644), options: { mode: 0o600 } },
  {
    what: 'mode 0666 over a file with mode 600',
    umask: 0o077,
    prepare: existing(0o600),
    options: { mode: 0o666 },
  },
  { what: "mode '0640' as a string", options: { mode: '0640' } },
  { what: 'the mode of a Stats', options: { mode: 0o100604 } },
  { what: 'mode 0 for a new file', options: { mode: 0 } },
  { what: 'mode 0 over a file', prepare: existing(0o640), options: { mode: 0 } },
  { what: 'mode null', prepare: existing(0o640), options: { mode: null } },
  { what: 'mode false over a file', prepare: existing(0o600), options: { mode: false }, forms: ['sync'] },
  { what: 'an empty string as mode', options: { mode: '' } },
  { what: 'a mode of the wrong type', options: { mode: true } },
  { what: 'a mode that is no octal number', prepare: existing(0o640), options: { mode: 'rw' } },
  { what: 'a mode that is no integer', options: { mode: 1.5 } },
  { what: 'a negative mode', options: { mode: -1 } },
  { what: 'fsync false', options: { fsync: false } },
  { what: "'latin1' as options", data: WIDE, options: 'latin1' },
  { what: 'the encoding utf16le', data: WIDE, options: { encoding: 'utf16le' } },
  { what: 'the encoding hex', data: 'cafe', options: { encoding: 'HEX' } },
  {
    what: 'half a byte in hex',
    prepare: existing(0o640),
    data: 'caf',
    options: { encoding: 'hex' },
  },
  { what: 'the encoding base64', data: 'aGVsbG8=', options: { encoding: 'base64' } },
  { what: 'an empty encoding', data: WIDE, options: { encoding: '' } },
  { what: 'an encoding with a Buffer', data: Buffer.from('caf'), options: { encoding: 'hex' } },
  { what: 'a Uint8Array', data: new Uint8Array([1, 2, 3]).subarray(1) },
  { what: 'a DataView', data: new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2) },
  { what: 'an empty Buffer', prepare: existing(0o640), data: Buffer.alloc(0) },
  { what: 'undefined', data: undefined },
  { what: 'null', prepare: existing(0o640), data: null },
  { what: 'a number', data: 12.5 },
  { what: 'a boolean', data: false },
  { what: 'an object', data: { a: 1 } },
  { what: 'an array', data: [1, 'b'] },
  {
    what: 'an object that cannot be made a string',
    prepare: existing(0o640),
    data: {
      toString() {
        throw new RangeError('never');
      },
    },
  },
  { what: 'options that it does not know', options: { flag: 'wx', durability: 'none', Promise } },
  {
    what: 'options that set nothing',
    prepare: existing(0o640),
    options: {
      mode: undefined,
      chown: undefined,
      encoding: undefined,
      fsync: undefined,
      tmpfileCreated: undefined,
    },
  },
  { what: 'tmpfileCreated false', options: { tmpfileCreated: false } },
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
  { what: 'a missing parent', path: (at) => at('missing/file') },
  { what: 'a parent that is a file', prepare: existing(0o640), path: (at) => at('file/file') },
  { what: 'a name that is too long', path: (at) => at('x'.repeat(300)) },
  { what: 'a path with a NUL byte', path: (at) => at('a\0b') },
  { what: 'an object as path', path: () => ({}), forms: ASYNCHRONOUS },
  { what: 'a number as path', path: () => 5, forms: ASYNCHRONOUS },
  { what: 'undefined as path', path: () => undefined, forms: ASYNCHRONOUS },
  { what: 'a chown without gid', prepare: existing(0o640), options: { chown: { uid: 0 } } },
  { what: 'a chown without uid', options: { chown: { gid: 0 } } },
  { what: 'a chown that is no object', prepare: existing(0o640), options: { chown: true } },
  { what: 'a chown that is no integer', options: { chown: { uid: 0.5, gid: 0 } } },
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
  { what: 'chown of the user alone', root: true, options: { chown: { uid: 4321, gid: -1 } } },
  {
    what: 'chown and mode',
    root: true,
    umask: 0o077,
    prepare: existing(0o640, OTHER),
    options: { chown: { uid: 4321, gid: 8765 }, mode: 0o6751 },
  },
  {
    what: 'mode over the file of another user',
    root: true,
    prepare: existing(0o640, OTHER),
    options: { mode: 0o666 },
  },
  { what: 'chown false', root: true, prepare: existing(0o644, OTHER), options: { chown: false } },
  { what: 'chown null', root: true, prepare: existing(0o644, OTHER), options: { chown: null } },
  {
    what: 'chown false with a mode',
    root: true,
    prepare: existing(0o600, OTHER),
    options: { chown: false, mode: 0o660 },
  },
];

const scratch = new ScratchDirectory();
const mounts = new Mounts();

describe.each(Object.entries(FORMS))('the drop-in for write-file-atomic, as %s', (form, call) => {
  const cases = CASES.filter(({ forms }) => forms?.includes(form) ?? true);

  for (const situation of cases) {
    it.skipIf(situation.root === true && !isRoot)(`does the same with ${situation.what}`, async () => {
      const { data = 'data' in situation ? undefined : 'new', options } = situation;
      await assertSameOutcome(scratch.path, original, dropIn, situation, (library, at) => {
        const path = situation.path ? situation.path(at) : at('file');
        return call(library, path, data, ...(options === undefined ? [{}] : [options]));
      });
    });
  }

  it('refuses tmpfileCreated, and names it', async () => {
    writeFileSync(scratch.at('file'), 'old');
    const refused = { code: 'ERR_INVALID_ARG_VALUE', published: false, message: /tmpfileCreated.*temporary/ };
    const options = { tmpfileCreated: () => assert.fail() };
    await assert.rejects(async () => call(dropIn, scratch.at('file'), 'new', options), refused);
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'old');
  });

  it('writes all of a Uint16Array and of an ArrayBuffer', async () => {
    const data = new Uint16Array([0x6261, 0x6463, 0x6665]);
    for (const given of [data, data.buffer]) {
      await call(dropIn, scratch.at('file'), given);
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'abcdef');
    }
  });

  it('does not change the options', async () => {
    writeFileSync(scratch.at('file'), 'old', { mode: 0o600 });
    const options = Object.freeze({});
    await call(dropIn, scratch.at('file'), 'new', options);
    await call(dropIn, scratch.at('other'), 'new', options);
    assert.equal(statSync(scratch.at('other')).mode & 0o777, 0o666 & ~process.umask());
  });

  it('takes null for no options, and a URL or a Buffer as path', async () => {
    await call(dropIn, pathToFileURL(scratch.at('a')), 'a', null);
    await call(dropIn, Buffer.from(scratch.at('b')), 'b', null);
    assert.deepEqual(readdirSync(scratch.path).sort(), ['a', 'b']);
  });

  it('refuses an encoding that does not exist', async () => {
    await assert.rejects(async () => call(dropIn, scratch.at('file'), 'new', { encoding: 'utf9' }), {
      code: 'ERR_INVALID_ARG_VALUE',
      published: false,
    });
    assert.deepEqual(readdirSync(scratch.path), []);
  });

  it.skipIf(process.platform === 'win32')('does not replace a FIFO', async () => {
    execFileSync('mkfifo', [scratch.at('file')]);
    await assert.rejects(async () => call(dropIn, scratch.at('file'), 'new', {}), {
      code: 'ERR_INDELIBLE_NOT_A_FILE',
    });
    assert.ok(lstatSync(scratch.at('file')).isFIFO());
  });

  it('creates the target of a dangling symbolic link', async () => {
    symlinkSync('missing', scratch.at('file'));
    await call(dropIn, scratch.at('file'), 'new');
    assert.equal(readFileSync(scratch.at('missing'), 'utf8'), 'new');
    assert.ok(lstatSync(scratch.at('file')).isSymbolicLink());
  });

  it('writes a file of which the name leaves no room for a longer one', async () => {
    const path = scratch.at('x'.repeat(255));
    await call(dropIn, path, 'new');
    assert.equal(readFileSync(path, 'utf8'), 'new');
  });

  it.skipIf(!isRoot)('keeps the old file on a full disk', async (test) => {
    mkdirSync(scratch.at('disk'));
    const refused = mounts.mount(scratch.at('disk'), ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs']);
    test.skip(refused !== undefined, refused);
    writeFileSync(scratch.at('disk', 'file'), 'old');
    await assert.rejects(async () => call(dropIn, scratch.at('disk', 'file'), 'x'.repeat(3_000_000)), {
      code: 'ENOSPC',
    });
    assert.equal(readFileSync(scratch.at('disk', 'file'), 'utf8'), 'old');
    assert.deepEqual(readdirSync(scratch.at('disk')), ['file']);
  });
});

describe('the drop-in for write-file-atomic', () => {
  it('publishes an asynchronous call before a later one that is synchronous', async () => {
    const earlier = dropIn(scratch.at('file'), 'earlier');
    dropIn.sync(scratch.at('file'), 'later');
    await earlier;
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'later');
  });

  it('gives a new file the mode of a new file with mode false', async () => {
    writeFileSync(scratch.at('file'), 'old', { mode: 0o600 });
    await dropIn(scratch.at('file'), 'new', { mode: false });
    assert.equal(statSync(scratch.at('file')).mode & 0o777, 0o666 & ~process.umask());
  });

  it('calls a callback that throws once, and rejects with its error', async () => {
    let calls = 0;
    const callback: Callback = () => {
      calls += 1;
      throw new RangeError('of the callback');
    };
    await assert.rejects(writeFile(scratch.at('file'), 'new', callback), { message: 'of the callback' });
    assert.equal(calls, 1);
  });

  it('passes the error to a callback in the place of the options', async () => {
    const path = scratch.at('missing', 'file');
    const error = await new Promise<Error | undefined>((resolve) => writeFile(path, 'new', resolve));
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOENT');
    assert.ok(!existsSync(scratch.at('missing')));
  });

  it.each(['a promise', 'sync'])('publishes the calls of one tick in their order, as %s', async (form) => {
    const call = FORMS[form];
    await Promise.all(['a', 'b', 'c'].map((data) => call?.(dropIn, scratch.at('file'), data)));
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'c');
  });
});
