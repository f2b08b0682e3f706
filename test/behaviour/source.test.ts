import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { describe, it } from 'vitest';
import { type SaveData, type SaveSource, save, saveSync } from '../../src/index.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();

function content(): string {
  return readFileSync(scratch.at('file'), 'utf8');
}

function* chunks(): Generator<SaveData> {
  yield 'text ';
  yield Buffer.from('buffer ');
  yield new Uint8Array(Buffer.from('bytes ')).buffer;
  yield '';
  yield new DataView(new Uint8Array(Buffer.from('view')).buffer);
}
const CONTENT = 'text buffer bytes view';

async function* asynchronous(source: Iterable<SaveData>): AsyncGenerator<SaveData> {
  for (const chunk of source) {
    await new Promise(setImmediate);
    yield chunk;
  }
}

/** A large content, both in chunks of all sizes and as a whole. */
function large(): { chunks: Buffer[]; whole: Buffer } {
  const sizes = [1, 70_000, 3, 524_288, 600_000, 2_000_000, 524_287, 65_536, 65_536, 1_500_001];
  const all = sizes.map((size, index) => Buffer.alloc(size, `${index},`));
  return { chunks: all, whole: Buffer.concat(all) };
}

const sources: { name: string; of: (source: Iterable<SaveData>) => SaveSource }[] = [
  { name: 'an array', of: (source) => [...source] },
  { name: 'a generator', of: (source) => source },
  { name: 'an async generator', of: asynchronous },
  { name: 'a Readable', of: (source) => Readable.from([...source].map(asBuffer)) },
  {
    name: 'a web ReadableStream',
    of: (source) => ReadableStream.from(source) as unknown as AsyncIterable<SaveData>,
  },
];

/** Converts data to a Buffer, since byte streams take nothing else. */
function asBuffer(data: SaveData): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}

describe('save of data in chunks', () => {
  for (const { name, of } of sources) {
    it(`saves ${name}`, async () => {
      writeFileSync(scratch.at('file'), 'old');
      const saved = await save(scratch.at('file'), of(chunks()));
      assert.equal(content(), CONTENT);
      assert.deepEqual([saved.bytes, saved.replaced], [CONTENT.length, true]);
      assert.deepEqual(readdirSync(scratch.path), ['file']);
    });

    it(`saves ${name} of chunks of all sizes`, async () => {
      const { chunks: all, whole } = large();
      const { bytes } = await save(scratch.at('file'), of(all));
      assert.equal(bytes, whole.length);
      assert.ok(readFileSync(scratch.at('file')).equals(whole));
    });
  }

  it('lets the producer use its buffer again for the next chunk', async () => {
    const buffer = Buffer.alloc(700_000);
    async function* reusing(): AsyncGenerator<Buffer> {
      for (const byte of [1, 2, 3]) yield buffer.fill(byte);
    }
    await save(scratch.at('file'), reusing());
    const expected = Buffer.concat([1, 2, 3].map((byte) => Buffer.alloc(700_000, byte)));
    assert.ok(readFileSync(scratch.at('file')).equals(expected));
  });

  it('leaves the old file and nothing else when the producer throws, and rejects with its error', async () => {
    writeFileSync(scratch.at('file'), 'old');
    const failure = new Error('out of ideas');
    async function* failing(): AsyncGenerator<Buffer> {
      yield Buffer.alloc(2_000_000);
      throw failure;
    }
    await assert.rejects(save(scratch.at('file'), failing()), failure);
    assert.equal(content(), 'old');
    assert.deepEqual(readdirSync(scratch.path), ['file']);
  });

  it('leaves the old file and nothing else for a Readable that is destroyed half-way', async () => {
    writeFileSync(scratch.at('file'), 'old');
    const readable = new Readable({ read() {} });
    readable.push(Buffer.alloc(2_000_000));
    const saving = save(scratch.at('file'), readable);
    setImmediate(() => readable.destroy(new Error('connection lost')));
    await assert.rejects(saving, { message: 'connection lost' });
    assert.equal(content(), 'old');
    assert.deepEqual(readdirSync(scratch.path), ['file']);
  });

  it('ends the producer when a chunk is of a wrong type', async () => {
    let ended = false;
    async function* wrong(): AsyncGenerator<SaveData> {
      try {
        yield 'right';
        yield JSON.parse('5');
      } finally {
        ended = true;
      }
    }
    await assert.rejects(save(scratch.at('file'), wrong()), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.equal(ended, true);
    assert.deepEqual(readdirSync(scratch.path), []);
  });

  it('destroys a Readable when the save cannot even begin', async () => {
    const readable = Readable.from(['never read']);
    await assert.rejects(save(scratch.at('missing', 'file'), readable), { code: 'ENOENT', published: false });
    assert.equal(readable.destroyed, true);
  });

  it('rejects at once when it is aborted while the producer is slow', async () => {
    writeFileSync(scratch.at('file'), 'old');
    const controller = new AbortController();
    const readable = new Readable({ read() {} });
    readable.push('half');
    const saving = save(scratch.at('file'), readable, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 5);
    await assert.rejects(saving, { name: 'AbortError', code: 'ABORT_ERR', cause: new Error('enough') });
    assert.equal(content(), 'old');
    assert.deepEqual(readdirSync(scratch.path), ['file']);
    assert.equal(readable.destroyed, true);
    assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
  });

  it('is either published or has left no trace, at whatever moment it is aborted', async () => {
    let aborted = 0;
    for (let turns = 0; turns < 60; turns += 1) {
      writeFileSync(scratch.at('file'), 'old');
      const controller = new AbortController();
      const { chunks: all, whole } = large();
      const saving = save(scratch.at('file'), asynchronous(all), {
        durability: 'none',
        signal: controller.signal,
      });
      const settled = Promise.allSettled([saving]);
      for (let turn = 0; turn < turns; turn += 1) await new Promise(setImmediate);
      controller.abort();
      const [outcome] = await settled;
      if (outcome.status === 'fulfilled') {
        assert.equal(statSync(scratch.at('file')).size, whole.length);
      } else {
        aborted += 1;
        assert.deepEqual([outcome.reason.code, outcome.reason.published], ['ABORT_ERR', false]);
        assert.equal(content(), 'old');
      }
      await scratch.withoutTemporaries();
    }
    assert.ok(aborted > 0, 'no save was aborted');
  });

  it('does not delay the other saves to its path, and comes after them when it ends', async () => {
    let end = (): void => undefined;
    const waiting = new Promise<void>((resolve) => {
      end = resolve;
    });
    async function* slow(): AsyncGenerator<string> {
      yield 'slow';
      await waiting;
    }
    const saving = save(scratch.at('file'), slow());
    await save(scratch.at('file'), 'quick');
    assert.equal(content(), 'quick');
    saveSync(scratch.at('file'), 'quick and synchronous');
    end();
    assert.equal((await saving).replaced, true);
    assert.equal(content(), 'slow');
  });

  it('preserves the mode that the file has when it is replaced', async () => {
    async function* meanwhile(): AsyncGenerator<string> {
      yield 'new';
      await save(scratch.at('file'), 'other', { mode: 0o640 });
    }
    writeFileSync(scratch.at('file'), 'old', { mode: 0o600 });
    await save(scratch.at('file'), meanwhile());
    assert.equal(content(), 'new');
    assert.equal(statSync(scratch.at('file')).mode & 0o7777, 0o640);
  });

  it('refuses a directory that has appeared at the path meanwhile', async () => {
    async function* meanwhile(): AsyncGenerator<string> {
      yield 'new';
      mkdirSync(scratch.at('file'));
    }
    await assert.rejects(save(scratch.at('file'), meanwhile()), { code: 'EISDIR', published: false });
    assert.deepEqual(scratch.temporaries(), []);
  });

  it('does not replace with ifExists: fail a file that has appeared meanwhile', async () => {
    async function* meanwhile(): AsyncGenerator<string> {
      yield 'new';
      writeFileSync(scratch.at('file'), 'first');
    }
    const saving = save(scratch.at('file'), meanwhile(), { ifExists: 'fail' });
    await assert.rejects(saving, { code: 'EEXIST', published: false });
    assert.equal(content(), 'first');
    assert.deepEqual(scratch.temporaries(), []);
  });
});

for (const { name, save: saveIn } of forms) {
  describe(`${name} of data in chunks`, () => {
    it('saves a generator', async () => {
      const saved = await saveIn(scratch.at('file'), chunks());
      assert.equal(content(), CONTENT);
      assert.equal(saved.bytes, CONTENT.length);
    });

    it('saves chunks of all sizes', async () => {
      const { chunks: all, whole } = large();
      await saveIn(scratch.at('file'), all);
      assert.ok(readFileSync(scratch.at('file')).equals(whole));
    });

    it('saves no chunks as an empty file', async () => {
      assert.equal((await saveIn(scratch.at('file'), [])).bytes, 0);
      assert.equal(content(), '');
    });

    it('decodes strings as options.encoding says', async () => {
      await saveIn(scratch.at('file'), ['6869', '21'], 'hex');
      assert.equal(content(), 'hi!');
    });

    it('takes the options of any save', async () => {
      mkdirSync(scratch.at('real'));
      symlinkSync('real/file', scratch.at('link'));
      await saveIn(scratch.at('link'), ['content'], { mode: 0o604 });
      assert.equal(readFileSync(scratch.at('real', 'file'), 'utf8'), 'content');
      assert.equal(statSync(scratch.at('real', 'file')).mode & 0o7777, 0o604);
      await saveIn(scratch.at('made', 'deep', 'file'), ['content'], { makeDirectories: true });
      assert.equal(readFileSync(scratch.at('made', 'deep', 'file'), 'utf8'), 'content');
      await assert.rejects(saveIn(scratch.at('link'), ['content'], { ifExists: 'fail' }), { code: 'EEXIST' });
    });

    it('leaves the old file and nothing else when the producer throws', async () => {
      writeFileSync(scratch.at('file'), 'old');
      function* failing(): Generator<string> {
        yield 'new';
        throw new Error('out of ideas');
      }
      await assert.rejects(saveIn(scratch.at('file'), failing()), { message: 'out of ideas' });
      assert.equal(content(), 'old');
      assert.deepEqual(readdirSync(scratch.path), ['file']);
    });
  });
}

describe('saveSync of data in chunks', () => {
  it('refuses an asynchronous source, whose chunks it could not wait for', () => {
    const source = asynchronous(chunks()) as unknown as Iterable<SaveData>;
    assert.throws(() => saveSync(scratch.at('file'), source), { code: 'ERR_INVALID_ARG_TYPE' });
    assert.deepEqual(readdirSync(scratch.path), []);
  });

  it('comes after the saves to its path that were called before', async () => {
    const earlier = save(scratch.at('file'), 'earlier');
    saveSync(scratch.at('file'), chunks());
    assert.equal(content(), CONTENT);
    await earlier;
    assert.equal(content(), CONTENT);
  });
});
