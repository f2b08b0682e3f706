import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, transform } from 'esbuild';
import { checkRecordings } from './check-recordings.js';
import { pack } from './packed.js';

/**
 * Makes the page from its sources: one file that needs no other.
 *
 * @param sources the directory of page.html, style.css and main.ts.
 * @param recordings the text of recordings.json.
 * @throws {Error} if the recordings do not have the form that the page reads.
 */
export async function buildPage(sources: string, recordings: string): Promise<string> {
  const checked: unknown = JSON.parse(recordings);
  checkRecordings(checked);
  const [page, style] = await Promise.all(
    ['page.html', 'style.css'].map((name) => readFile(join(sources, name), 'utf8')),
  );
  const { code: styleCode } = await transform(style ?? '', { loader: 'css', minify: true, charset: 'utf8' });
  const { outputFiles } = await build({
    entryPoints: [join(sources, 'main.ts')],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
  });
  const parts: Readonly<Record<string, string>> = {
    '/* style.css */': styleCode.trim(),
    // These would end the element, or begin a comment, in HTML.
    '"recordings.json"': JSON.stringify(pack(checked))
      .replaceAll('</', '<\\/')
      .replaceAll('<!--', '\\u003c!--'),
    '/* main.js */': (outputFiles[0]?.text ?? '').trim(),
  };
  return (page ?? '').replaceAll(/\/\* [\w.]+ \*\/|"recordings.json"/g, (marker) => parts[marker] ?? marker);
}
