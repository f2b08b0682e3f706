/** Writes docs/see-it-work.html: `npm run see:build`. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildPage } from './page.js';

const [sources = 'docs/see-it-work', page = 'docs/see-it-work.html'] = process.argv.slice(2);
await writeFile(page, await buildPage(sources, await readFile(join(sources, 'recordings.json'), 'utf8')));
