import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import type { SaveData } from '../../src/index.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();

/** A buffer of numbered bytes. The views below begin at an offset in it, as views of Node's pool do. */
function bytesWithin(length: number): ArrayBuffer {
  const buffer = new ArrayBuffer(length);
  new Uint8Array(buffer).forEach((_, index, all) => {
    all[index] = index;
  });
  return buffer;
}

function shared(length: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer(length);
  new Uint8Array(buffer).fill(0x61);
  return buffer;
}

/** Node has resizable buffers. The `lib` that TypeScript compiles with does not declare them yet. */
function resizable(length: number, maxByteLength: number): ArrayBuffer {
  const buffer: ArrayBuffer = Reflect.construct(ArrayBuffer, [length, { maxByteLength }]);
  return buffer;
}

function resize(buffer: ArrayBuffer, length: number): void {
  Reflect.get(buffer, 'resize').call(buffer, length);
}

function detach(buffer: ArrayBuffer): void {
  structuredClone(buffer, { transfer: [buffer] });
}

const texts: [BufferEncoding | undefined, string, Buffer][] = [
  [undefined, 'grüße €', Buffer.from('grüße €', 'utf8')],
  ['utf8', '\u{1f600}', Buffer.from([0xf0, 0x9f, 0x98, 0x80])],
  ['latin1', 'grüße', Buffer.from([0x67, 0x72, 0xfc, 0xdf, 0x65])],
  ['utf16le', 'aß', Buffer.from([0x61, 0, 0xdf, 0])],
  ['hex', '00ff10', Buffer.from([0, 255, 16])],
  ['base64', 'AP8Q', Buffer.from([0, 255, 16])],
  ['base64url', '_-8', Buffer.from([255, 239])],
];

const views: [string, () => ArrayBufferView][] = [
  ['Buffer', () => Buffer.from(bytesWithin(40), 8, 16)],
  ['Uint8Array', () => new Uint8Array(bytesWithin(40), 8, 16)],
  ['Uint8ClampedArray', () => new Uint8ClampedArray(bytesWithin(40), 8, 16)],
  ['Int8Array', () => new Int8Array(bytesWithin(40), 8, 16)],
  ['Uint16Array', () => new Uint16Array(bytesWithin(40), 8, 8)],
  ['Int16Array', () => new Int16Array(bytesWithin(40), 8, 8)],
  ['Uint32Array', () => new Uint32Array(bytesWithin(40), 8, 4)],
  ['Int32Array', () => new Int32Array(bytesWithin(40), 8, 4)],
  ['Float32Array', () => new Float32Array(bytesWithin(40), 8, 4)],
  ['Float64Array', () => new Float64Array(bytesWithin(40), 8, 2)],
  ['BigInt64Array', () => new BigInt64Array(bytesWithin(40), 8, 2)],
  ['BigUint64Array', () => new BigUint64Array(bytesWithin(40), 8, 2)],
  ['DataView', () => new DataView(bytesWithin(40), 8, 16)],
];

for (const { name, save } of forms) {
  describe(`the data of ${name}`, () => {
    for (const [encoding, text, bytes] of texts) {
      it(`may be a string, encoded as ${encoding ?? 'utf8 by default'}`, async () => {
        await save(scratch.at('file'), text, encoding === undefined ? {} : { encoding });
        assert.deepEqual(readFileSync(scratch.at('file')), bytes);
      });
    }

    it('may be a string whose encoding is given in place of the options', async () => {
      await save(scratch.at('file'), '00ff', 'hex');
      assert.deepEqual(readFileSync(scratch.at('file')), Buffer.from([0, 255]));
    });

    it('gets a replacement character where a string has half a surrogate pair', async () => {
      await save(scratch.at('file'), 'a\ud800b');
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'a\ufffdb');
    });

    it('may be a string of many megabytes', async () => {
      const text = '€'.repeat(8 * 1024 * 1024);
      const saved = await save(scratch.at('file'), text, { durability: 'none' });
      assert.equal(saved.bytes, 24 * 1024 * 1024);
      assert.equal(readFileSync(scratch.at('file'), 'utf8') === text, true);
    });

    for (const [kind, make] of views) {
      it(`may be a ${kind}, and only the bytes of the view are saved`, async () => {
        await save(scratch.at('file'), make());
        assert.deepEqual(readFileSync(scratch.at('file')), Buffer.from(bytesWithin(40), 8, 16));
      });
    }

    it('may be an ArrayBuffer', async () => {
      await save(scratch.at('file'), bytesWithin(9));
      assert.deepEqual(readFileSync(scratch.at('file')), Buffer.from(bytesWithin(9)));
    });

    it('may be a SharedArrayBuffer', async () => {
      await save(scratch.at('file'), shared(5));
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'aaaaa');
    });

    it('may be a view of a SharedArrayBuffer', async () => {
      await save(scratch.at('file'), new Uint8Array(shared(5), 1, 3));
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'aaa');
    });

    it('has the size that a resizable buffer has at the call', async () => {
      const buffer = resizable(10, 20);
      resize(buffer, 4);
      await save(scratch.at('file'), buffer);
      assert.equal(readFileSync(scratch.at('file')).length, 4);
    });

    it('has the size that a resizable buffer has at the call, through a view that follows its length', async () => {
      const buffer = resizable(4, 20);
      const view = new Uint8Array(buffer);
      resize(buffer, 12);
      await save(scratch.at('file'), view);
      assert.equal(readFileSync(scratch.at('file')).length, 12);
    });

    it('may be empty', async () => {
      writeFileSync(scratch.at('file'), 'old');
      for (const nothing of ['', new Uint8Array(0), new ArrayBuffer(0)]) {
        const saved = await save(scratch.at('file'), nothing);
        assert.equal(saved.bytes, 0);
        assert.equal(readFileSync(scratch.at('file'), 'utf8'), '');
        writeFileSync(scratch.at('file'), 'old');
      }
    });

    const detached: [string, (buffer: ArrayBuffer) => SaveData][] = [
      ['an ArrayBuffer', (buffer) => buffer],
      ['a typed array', (buffer) => new Uint8Array(buffer)],
      ['a Buffer', (buffer) => Buffer.from(buffer)],
      ['a DataView', (buffer) => new DataView(buffer)],
    ];
    for (const [kind, wrap] of detached) {
      it(`is refused if it is ${kind} that was transferred away, instead of emptying the file`, async () => {
        writeFileSync(scratch.at('file'), 'old');
        const buffer = new ArrayBuffer(8);
        const data = wrap(buffer);
        detach(buffer);
        await assert.rejects(save(scratch.at('file'), data), {
          name: 'TypeError',
          code: 'ERR_INVALID_ARG_VALUE',
        });
        assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'old');
      });
    }

    const beyond: [string, (buffer: ArrayBuffer) => SaveData][] = [
      ['typed array', (buffer) => new Uint8Array(buffer, 8, 8)],
      ['DataView', (buffer) => new DataView(buffer, 8, 8)],
    ];
    for (const [kind, wrap] of beyond) {
      it(`is refused if it is a ${kind} beyond the end of a shrunken buffer`, async () => {
        writeFileSync(scratch.at('file'), 'old');
        const buffer = resizable(16, 16);
        const data = wrap(buffer);
        resize(buffer, 4);
        await assert.rejects(save(scratch.at('file'), data), {
          name: 'TypeError',
          code: 'ERR_INVALID_ARG_VALUE',
        });
        assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'old');
      });
    }
  });
}
