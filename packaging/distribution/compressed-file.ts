import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';

/** Writes a text as small as brotli can make it. */
export function compress(from: string, to: string): void {
  const text = readFileSync(from);
  const params = {
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
  };
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, brotliCompressSync(text, { params }));
}
