/** Files of this package that the command reads when it runs. */
import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';

/** The root of this package. Two folders up both from the source, `bench/measure/`, and from `dist/cli/main.js`. */
export const packageRoot = new URL('../../', import.meta.url);

/** Reads a file of `docs/`, which the package contains compressed by the build. */
export function readCompressed(name: string): Buffer {
  return brotliDecompressSync(readFileSync(new URL(`dist/docs/${name}.br`, packageRoot)));
}
