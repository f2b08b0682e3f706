import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { createContext, runInContext } from 'node:vm';
import { describe, it } from 'vitest';
import {
  createSaveStream,
  type FileToSave,
  type SaveData,
  Saver,
  type SaveSource,
  save,
  saveAll,
  saveAllSync,
  saveSync,
  update,
  updateSync,
} from '../../src/index.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();

function content(): string {
  return readFileSync(scratch.at('file'), 'latin1');
}

/** Nothing here depends on a sync. */
const FAST = { durability: 'none' } as const;

/** Saves data through each call that takes some. */
const calls: { name: string; saveWith: (data: SaveData) => unknown }[] = [
  ...forms.map(({ name, save: saveWith }) => ({
    name,
    saveWith: (data: SaveData) => saveWith(scratch.at('file'), data, FAST),
  })),
  { name: 'save in chunks', saveWith: (data) => save(scratch.at('file'), [data], FAST) },
  { name: 'saveSync in chunks', saveWith: (data) => saveSync(scratch.at('file'), [data], FAST) },
  { name: 'saveAll', saveWith: (data) => saveAll([{ path: scratch.at('file'), data }], FAST) },
  { name: 'saveAllSync', saveWith: (data) => saveAllSync([{ path: scratch.at('file'), data }], FAST) },
  { name: 'Saver', saveWith: (data) => new Saver(scratch.at('file'), FAST).save(data) },
  {
    name: 'Saver with serialize',
    saveWith: (data) => new Saver(scratch.at('file'), { ...FAST, serialize: () => data }).save('value'),
  },
  { name: 'update', saveWith: (data) => update(scratch.at('file'), () => data, { ...FAST, lock: 'thread' }) },
  {
    name: 'updateSync',
    saveWith: (data) => updateSync(scratch.at('file'), () => data, { ...FAST, lock: 'thread' }),
  },
];

/** The calls that take views only, as any Writable. */
const streamCalls: typeof calls = [
  {
    name: 'the write of a stream',
    saveWith: (data) => {
      const stream = createSaveStream(scratch.at('file'), FAST);
      stream.write(data);
      stream.end();
      return finished(stream);
    },
  },
  {
    name: 'the end of a stream',
    saveWith: (data) => finished(createSaveStream(scratch.at('file'), FAST).end(data)),
  },
];

/** A buffer larger than its views, as the pool of Buffer. */
function pool(): ArrayBuffer {
  return new Uint8Array(4096).fill(0x78).buffer;
}

class LongUint8Array extends Uint8Array<ArrayBuffer> {
  override get byteLength(): number {
    return 4000;
  }
  override get length(): number {
    return 4000;
  }
}

class ShortUint8Array extends LongUint8Array {
  override get byteLength(): number {
    return 1;
  }
  override get length(): number {
    return 1;
  }
}

class MovedUint8Array extends Uint8Array<ArrayBuffer> {
  override get byteOffset(): number {
    return 0;
  }
  override get buffer(): ArrayBuffer {
    return new Uint8Array(64).fill(0x21).buffer;
  }
}

class LongDataView extends DataView<ArrayBuffer> {
  override get byteLength(): number {
    return 4000;
  }
}

class OddUint8Array extends Uint8Array<ArrayBuffer> {
  static get [Symbol.species](): unknown {
    return LongUint8Array;
  }
  override subarray(): Uint8Array<ArrayBuffer> {
    return new LongUint8Array(new ArrayBuffer(8));
  }
  override *[Symbol.iterator](): ArrayIterator<number> {}
  override toString(): string {
    return 'forged';
  }
  override get [Symbol.toStringTag](): 'Uint8Array' {
    return 'Float64Array' as 'Uint8Array';
  }
}

function abcIn(buffer: ArrayBuffer): ArrayBuffer {
  new Uint8Array(buffer, 16, 3).set([0x61, 0x62, 0x63]);
  return buffer;
}

/** Views of "abc" that say something else about themselves. */
const forged: [string, () => SaveData][] = [
  ['a Uint8Array that claims to be longer', () => new LongUint8Array(abcIn(pool()), 16, 3)],
  ['a Uint8Array that claims to be shorter', () => new ShortUint8Array(abcIn(pool()), 16, 3)],
  ['a Uint8Array that claims another place', () => new MovedUint8Array(abcIn(pool()), 16, 3)],
  ['a DataView that claims to be longer', () => new LongDataView(abcIn(pool()), 16, 3)],
  ['a Uint8Array with another species, subarray and tag', () => new OddUint8Array(abcIn(pool()), 16, 3)],
  [
    'a Uint8Array with properties of its own',
    () =>
      Object.defineProperties(new Uint8Array(abcIn(pool()), 16, 3), {
        byteLength: { value: 4000 },
        length: { value: 4000 },
        subarray: { value: () => Buffer.from('forged') },
      }),
  ],
  [
    'a Buffer with properties of its own',
    () =>
      Object.defineProperties(Buffer.from(abcIn(pool()), 16, 3), {
        byteLength: { get: () => 4000 },
        length: { get: () => 4000 },
        constructor: { value: LongUint8Array },
      }),
  ],
  [
    'a Buffer with another prototype',
    () => Object.setPrototypeOf(Buffer.from(abcIn(pool()), 16, 3), LongUint8Array.prototype),
  ],
  [
    'a Uint8Array without a prototype',
    () => Object.setPrototypeOf(new Uint8Array(abcIn(pool()), 16, 3), null),
  ],
];

const forgedBuffers: [string, () => SaveData][] = [
  [
    'an ArrayBuffer that claims to be longer',
    () => Object.defineProperty(new Uint8Array([0x61, 0x62, 0x63]).buffer, 'byteLength', { value: 4000 }),
  ],
  [
    'an ArrayBuffer without a prototype',
    () => Object.setPrototypeOf(new Uint8Array([0x61, 0x62, 0x63]).buffer, null),
  ],
];

const realm = createContext({});

function inAnotherRealm<T>(code: string): T {
  return runInContext(code, realm);
}

const foreignViews: [string, () => SaveData, string][] = [
  ['a Uint8Array', () => inAnotherRealm('new Uint8Array([120, 97, 98, 99]).subarray(1)'), 'abc'],
  [
    'a Uint16Array',
    () => inAnotherRealm('new Uint16Array(new Uint8Array([97, 98, 99, 0]).buffer, 0, 1)'),
    'ab',
  ],
  ['a DataView', () => inAnotherRealm('new DataView(new Uint8Array([120, 97, 98]).buffer, 1)'), 'ab'],
  ['an empty Uint8Array', () => inAnotherRealm('new Uint8Array(0)'), ''],
  ['an empty DataView', () => inAnotherRealm('new DataView(new ArrayBuffer(0))'), ''],
];

const foreignBuffers: typeof foreignViews = [
  ['an ArrayBuffer', () => inAnotherRealm('new Uint8Array([97, 98, 99]).buffer'), 'abc'],
  [
    'a SharedArrayBuffer',
    () => inAnotherRealm('new Uint8Array(new SharedArrayBuffer(3)).fill(97).buffer'),
    'aaa',
  ],
  ['a resizable ArrayBuffer', () => inAnotherRealm('new ArrayBuffer(2, { maxByteLength: 9 })'), '\0\0'],
];

for (const { name, saveWith } of [...calls, ...streamCalls]) {
  describe(`${name} saves exactly the bytes that there are`, () => {
    const buffers = streamCalls.some((call) => call.name === name) ? [] : forgedBuffers;
    for (const [kind, make] of [...forged, ...buffers]) {
      it(`of ${kind}`, async () => {
        const data = make();
        await saveWith(data);
        assert.equal(content(), 'abc');
      });
    }

    const foreign = streamCalls.some((call) => call.name === name) ? [] : foreignBuffers;
    for (const [kind, make, expected] of [...foreignViews, ...foreign]) {
      it(`of ${kind} of another realm`, async () => {
        writeFileSync(scratch.at('file'), 'old');
        await saveWith(make());
        assert.equal(content(), expected);
      });
    }
  });
}

describe('a result', () => {
  for (const [kind, make] of [...forged, ...forgedBuffers]) {
    it(`tells the real size of ${kind}`, async () => {
      for (const { save: saveWith } of forms)
        assert.equal((await saveWith(scratch.at('file'), make())).bytes, 3);
      const [saved] = await saveAll([{ path: scratch.at('file'), data: make() }]);
      assert.equal(saved?.bytes, 3);
      assert.equal(saveAllSync([{ path: scratch.at('file'), data: make() }])[0]?.bytes, 3);
      assert.equal((await save(scratch.at('file'), [make(), make()])).bytes, 6);
      assert.equal(saveSync(scratch.at('file'), [make(), make()]).bytes, 6);
    });
  }
});

describe('a String object', () => {
  for (const { name, save: saveWith } of forms) {
    it(`is decoded as a whole by ${name}, not character by character`, async () => {
      await saveWith(scratch.at('file'), Object('616263'), 'hex');
      assert.equal(content(), 'abc');
      await saveWith(scratch.at('file'), inAnotherRealm<string>('new String("646566")'), 'hex');
      assert.equal(content(), 'def');
    });
  }
});

class ThrowingTrap implements ProxyHandler<object> {
  has(): boolean {
    throw new Error('has');
  }
  get(): unknown {
    throw new Error('get');
  }
  getPrototypeOf(): object | null {
    throw new Error('getPrototypeOf');
  }
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** Objects that are neither data nor a source of it. */
const wrong: [string, () => unknown][] = [
  ['a Proxy around a Uint8Array', () => new Proxy(new Uint8Array(3), {})],
  ['a Proxy around a Buffer', () => new Proxy(Buffer.from('abc'), {})],
  ['a Proxy around a DataView', () => new Proxy(new DataView(new ArrayBuffer(3)), {})],
  ['a Proxy around an ArrayBuffer', () => new Proxy(new ArrayBuffer(3), {})],
  ['a Proxy around a String object', () => new Proxy(Object('abc'), {})],
  ['a Proxy around a Uint8Array of another realm', () => inAnotherRealm('new Proxy(new Uint8Array(3), {})')],
  ['an object that inherits from a Uint8Array', () => Object.create(new Uint8Array(3))],
  ['an object that inherits from Uint8Array.prototype', () => Object.create(Uint8Array.prototype)],
  ['an object that inherits from ArrayBuffer.prototype', () => Object.create(ArrayBuffer.prototype)],
  ['a revoked Proxy', revoked],
  ['a Proxy whose traps throw', () => new Proxy({}, new ThrowingTrap())],
  ['an object whose iterator method is null', () => ({ [Symbol.iterator]: null })],
  ['an object whose iterator method is a number', () => ({ [Symbol.iterator]: 5 })],
  ['an object whose iterator is null', () => ({ [Symbol.iterator]: () => null })],
  ['an object whose iterator is undefined', () => ({ [Symbol.iterator]: () => undefined })],
  ['an object whose iterator is a number', () => ({ [Symbol.iterator]: () => 5 })],
  ['an object whose iterator has no next', () => ({ [Symbol.iterator]: () => ({}) })],
  ['an object whose iterator returns a number', () => ({ [Symbol.iterator]: () => ({ next: () => 5 }) })],
  ['an object whose iterator returns undefined', () => ({ [Symbol.iterator]: () => ({ next() {} }) })],
];

const wrongAsynchronous: [string, () => unknown][] = [
  ['whose async iterator is null', () => ({ [Symbol.asyncIterator]: () => null })],
  ['whose async iterator is a promise', () => ({ [Symbol.asyncIterator]: async () => ({ next() {} }) })],
  ['whose async iterator has no next', () => ({ [Symbol.asyncIterator]: () => ({}) })],
  ['whose async iterator returns null', () => ({ [Symbol.asyncIterator]: () => ({ next: () => null }) })],
  [
    'whose async iterator resolves with a number',
    () => ({ [Symbol.asyncIterator]: () => ({ next: async () => 5 }) }),
  ],
  ['whose async iterator method is a string', () => ({ [Symbol.asyncIterator]: 'next' })],
];

const TYPE = { name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' };

describe('data that is no data', () => {
  for (const [kind, make] of wrong) {
    it(`is refused with a code if it is ${kind}, and the old file stays`, async () => {
      writeFileSync(scratch.at('file'), 'old');
      for (const { save: saveWith } of forms) {
        await assert.rejects(saveWith(scratch.at('file'), make() as SaveData), {
          ...TYPE,
          message: /^The "data" argument must be .* Received/,
        });
        await assert.rejects(saveWith(scratch.at('file'), [make() as SaveData]), TYPE);
      }
      await assert.rejects(new Saver(scratch.at('file')).save(make() as SaveData), TYPE);
      await assert.rejects(
        async () => updateSync(scratch.at('file'), () => make() as SaveData, { lock: 'thread' }),
        TYPE,
      );
      assert.equal(content(), 'old');
      assert.deepEqual(readdirSync(scratch.path), ['file']);
    });
  }

  for (const [kind, make] of wrongAsynchronous) {
    it(`is refused with a code if it is an object ${kind}, and the old file stays`, async () => {
      writeFileSync(scratch.at('file'), 'old');
      await assert.rejects(save(scratch.at('file'), make() as SaveSource), {
        ...TYPE,
        message: /^The "data" argument must be .* Received/,
      });
      assert.equal(content(), 'old');
      assert.deepEqual(readdirSync(scratch.path), ['file']);
    });
  }

  it('may still be a Proxy around an array of chunks', async () => {
    for (const { save: saveWith } of forms) {
      await saveWith(scratch.at('file'), new Proxy(['a', Buffer.from('b')], {}));
      assert.equal(content(), 'ab');
    }
  });

  it('may be a source whose asyncIterator is null and whose iterator is not', async () => {
    const source = { [Symbol.asyncIterator]: null, [Symbol.iterator]: () => ['a', 'b'][Symbol.iterator]() };
    await save(scratch.at('file'), source as unknown as SaveSource);
    assert.equal(content(), 'ab');
  });

  it('rejects with the own error of an iterator method', async () => {
    const failure = new Error('not today');
    const source: SaveSource = {
      [Symbol.iterator]() {
        throw failure;
      },
    };
    await assert.rejects(save(scratch.at('file'), source), failure);
    assert.equal(existsSync(scratch.at('file')), false);
  });
});

describe('the files of saveAll', () => {
  const noFiles: [string, unknown][] = [
    ['null', null],
    ['undefined', undefined],
    ['a number', 5],
    ['an object', {}],
    ...wrong
      .filter(([kind]) => kind.includes('iterator'))
      .map(([kind, make]) => [kind, make()] as [string, unknown]),
  ];
  for (const [kind, files] of noFiles) {
    it(`are refused with a code if they are ${kind}`, async () => {
      const hasCode = (error: unknown): boolean => {
        const errors = error instanceof AggregateError ? error.errors : [error];
        return errors.length === 1 && errors[0].code === 'ERR_INVALID_ARG_TYPE';
      };
      await assert.rejects(saveAll(files as FileToSave[]), hasCode);
      assert.throws(() => saveAllSync(files as FileToSave[]), hasCode);
    });
  }

  for (const file of [null, undefined, 5, 'file']) {
    it(`fail one by one, with a code, if one is ${file}`, async () => {
      const files = [{ path: scratch.at('file'), data: 'abc' }, file as unknown as FileToSave];
      const hasCode = (error: unknown): boolean =>
        error instanceof AggregateError &&
        error.errors.length === 1 &&
        error.errors[0].code === 'ERR_INVALID_ARG_TYPE';
      await assert.rejects(saveAll(files), hasCode);
      assert.equal(content(), 'abc');
      assert.throws(() => saveAllSync(files), hasCode);
    });
  }
});

/** Node has resizable buffers. The `lib` that TypeScript compiles with does not declare them yet. */
function resizable(bytes: string): ArrayBuffer & { resize(length: number): void } {
  const buffer = Reflect.construct(ArrayBuffer, [bytes.length, { maxByteLength: bytes.length }]);
  new Uint8Array(buffer).set(Buffer.from(bytes));
  return buffer;
}

describe('a buffer that shrinks while its save waits', () => {
  it('is saved as it was at the call', async () => {
    for (const wrap of [(buffer: ArrayBuffer) => buffer, (buffer: ArrayBuffer) => new DataView(buffer, 1)]) {
      const buffer = resizable('content');
      const earlier = save(scratch.at('file'), 'earlier');
      const saving = save(scratch.at('file'), wrap(buffer));
      buffer.resize(1);
      await earlier;
      const { bytes } = await saving;
      assert.equal(content(), 'content'.slice(-bytes));
    }
  });

  it('is a whole chunk of a source', async () => {
    const buffer = resizable('x'.repeat(3 * 1024 * 1024));
    async function* source(): AsyncGenerator<SaveData> {
      yield 'first';
      setImmediate(() => buffer.resize(1));
      yield buffer;
    }
    await save(scratch.at('file'), source());
    assert.equal(content().length, 5 + 3 * 1024 * 1024);
  });
});

describe('a buffer that is transferred while its save waits', () => {
  // The memory belongs to the transferred buffers, which must live as long as the saves.
  const transferred: ArrayBuffer[] = [];

  function transfer(buffer: ArrayBuffer): void {
    transferred.push(structuredClone(buffer, { transfer: [buffer] }));
  }

  it('never empties or shortens the file behind an earlier save', async () => {
    for (const size of [7, 20 * 1024 * 1024]) {
      const buffer = new Uint8Array(size).fill(0x61).buffer;
      const earlier = save(scratch.at('file'), 'earlier', { durability: 'none' });
      const saving = Promise.allSettled([save(scratch.at('file'), buffer, { durability: 'none' })]);
      transfer(buffer);
      await earlier;
      const [{ status, ...outcome }] = await saving;
      if ('reason' in outcome) {
        assert.deepEqual([outcome.reason.code, outcome.reason.published], ['ERR_INVALID_ARG_VALUE', false]);
      }
      assert.equal(content().length, status === 'fulfilled' ? size : 'earlier'.length);
    }
    assert.deepEqual(scratch.temporaries(), []);
  });

  it('fails in saveAll, where it waits for other files', async () => {
    writeFileSync(scratch.at('file'), 'old');
    const buffer = new Uint8Array(7).fill(0x61).buffer;
    function* files(): Generator<FileToSave> {
      for (let index = 0; index < 512; index += 1) {
        yield { path: scratch.at(`${index}`), data: 'other' };
      }
      yield { path: scratch.at('file'), data: buffer };
      assert.fail('more files are taken than may wait');
    }
    const saving = saveAll(files(), { durability: 'none' }).catch((error: unknown) => error);
    // Long enough for all files to be taken, which needs no event.
    for (let turn = 0; turn < 20_000; turn += 1) await Promise.resolve();
    transfer(buffer);
    const error = await saving;
    assert.ok(error instanceof AggregateError);
    assert.equal(error.errors[0].code, 'ERR_INVALID_ARG_VALUE');
    assert.equal(content(), 'old');
  });

  it('fails in saveAllSync, if the iterable transfers it', () => {
    writeFileSync(scratch.at('file'), 'old');
    const buffer = new Uint8Array(7).fill(0x61).buffer;
    function* files(): Generator<FileToSave> {
      yield { path: scratch.at('other'), data: 'other' };
      yield { path: scratch.at('file'), data: buffer };
      transfer(buffer);
    }
    assert.throws(
      () => saveAllSync(files()),
      (error: unknown) =>
        error instanceof AggregateError &&
        error.errors.length === 1 &&
        error.errors[0].code === 'ERR_INVALID_ARG_VALUE',
    );
    assert.equal(content(), 'old');
    assert.equal(readFileSync(scratch.at('other'), 'utf8'), 'other');
  });

  it('never shortens the file as a chunk of a source', async () => {
    writeFileSync(scratch.at('file'), 'old');
    const size = 3 * 1024 * 1024;
    const buffer = new Uint8Array(size).buffer;
    async function* source(): AsyncGenerator<SaveData> {
      yield 'first';
      setImmediate(transfer, buffer);
      yield buffer;
    }
    const [outcome] = await Promise.allSettled([save(scratch.at('file'), source())]);
    if (outcome.status === 'rejected') {
      assert.deepEqual([outcome.reason.code, outcome.reason.published], ['ERR_INVALID_ARG_VALUE', false]);
    }
    assert.equal(content().length, outcome.status === 'fulfilled' ? 5 + size : 3);
    assert.deepEqual(scratch.temporaries(), []);
  });

  it('fails as a chunk of a stream', async () => {
    writeFileSync(scratch.at('file'), 'old');
    const stream = createSaveStream(scratch.at('file'));
    const bytes = new Uint8Array(7);
    stream.write(bytes);
    transfer(bytes.buffer);
    stream.end();
    await assert.rejects(finished(stream), { code: 'ERR_INVALID_ARG_VALUE' });
    assert.equal(content(), 'old');
  });
});
