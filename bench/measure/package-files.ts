import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';

/**
 * The root of this package, as a URL. Two folders up from the source, `bench/measure/package-files.ts`, and from the
 * bundle, `dist/cli/main.js`.
 */
export const packageRoot = new URL('../../', import.meta.url);

/** Reads a file of `docs/`, which the package holds only in the compressed form that the build makes. */
export function readCompressed(name: string): Buffer {
  return brotliDecompressSync(readFileSync(new URL(`dist/docs/${name}.br`, packageRoot)));
}
