import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { packageRoot } from './package-root.js';

/** What stands in a file of `docs/`, which the package has only as the build has compressed it. */
export function readCompressed(name: string): Buffer {
  return brotliDecompressSync(readFileSync(new URL(`dist/docs/${name}.br`, packageRoot)));
}
