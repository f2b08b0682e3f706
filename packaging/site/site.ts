/** Writes the site of the project: `npm run site`. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { build } from 'esbuild';
import MiniSearch from 'minisearch';
import { renderDocument, type Section } from './document.js';

/** What is searched, and how: the page and the build must agree. */
const SEARCHED = { fields: ['heading', 'document', 'text'], storeFields: ['address', 'heading', 'document'] };

/** Pages and pictures that are copied as they are. */
const COPIED = new Map([
  ['docs/see-it-work.html', 'see-it-work.html'],
  ['docs/see-it-work.png', 'see-it-work.png'],
]);

/**
 * Writes the site.
 *
 * @param project the root of the project.
 * @param site the directory; what was in it is removed.
 */
export async function writeSite(project: string, site: string): Promise<void> {
  rmSync(site, { recursive: true, force: true });
  const paths = [...filesIn(project, ''), ...filesIn(project, 'docs/'), ...filesBelow(project, 'docs/api/')];
  const addresses = new Map([...paths.map((path): [string, string] => [path, addressFor(path)]), ...COPIED]);
  const addressOf = (path: string) => addresses.get(path);
  const documents = paths.map((path) => ({
    address: addressFor(path),
    ...renderDocument(path, readFileSync(join(project, path), 'utf8'), addressOf),
  }));
  const readme = documents.find(({ address }) => address === 'index.html');
  if (readme === undefined) throw new Error('the project has no README.md');
  const contents = contentsOf(readme.html);
  for (const { address, title, html } of documents)
    write(address, pageOf({ address, title, html }, contents));
  for (const [path, address] of COPIED) {
    mkdirSync(dirname(join(site, address)), { recursive: true });
    cpSync(join(project, path), join(site, address));
  }
  // The links of the page lead to Markdown files beside it.
  const page = readFileSync(join(site, 'see-it-work.html'), 'utf8');
  write(
    'see-it-work.html',
    page
      .replaceAll('href="../README.md"', 'href="index.html"')
      .replaceAll(/href="([\w-]+)\.md"/g, 'href="$1.html"'),
  );
  write('search-index.js', searchIndex(documents.flatMap(({ sections }) => sections)));
  cpSync(join(project, 'packaging/site/site.css'), join(site, 'site.css'));
  await build({
    entryPoints: [join(project, 'packaging/site/search.ts')],
    outfile: join(site, 'search.js'),
    bundle: true,
    minify: true,
    format: 'iife',
    target: 'es2022',
    legalComments: 'inline',
  });

  function write(address: string, text: string): void {
    const file = join(site, address);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** The Markdown files of a directory, by their path in the project. */
function filesIn(project: string, directory: string): string[] {
  return readdirSync(join(project, directory))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${directory}${name}`);
}

function filesBelow(project: string, directory: string): string[] {
  return readdirSync(join(project, directory), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${directory}${name.replaceAll('\\', '/')}`);
}

function addressFor(path: string): string {
  if (path === 'README.md') return 'index.html';
  return path.replace(/^docs\//, '').replace(/\.md$/, '.html');
}

/** The list of documents that the README ends with, which is the table of contents of the site. */
function contentsOf(readme: string): { address: string; name: string }[] {
  const list = readme.slice(readme.indexOf('<h2 id="documents">'));
  const links = list.matchAll(/<td><a href="([^"]+)">([^<]+)<\/a><\/td>/g);
  return [...links].map(([, address = '', name = '']) => ({ address, name }));
}

function pageOf(
  { address, title, html }: { address: string; title: string; html: string },
  contents: readonly { address: string; name: string }[],
): string {
  const root = posix.relative(posix.dirname(address), '') || '.';
  const link = (to: string, name: string) =>
    `<li><a href="${root}/${to}"${to === address ? ' aria-current="page"' : ''}>${name}</a></li>`;
  const name = title === 'indelible' ? title : `${title} · indelible`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(name)}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${root}/site.css">
</head>
<body data-root="${root}">
<header>
<a class="home" href="${root}/index.html">indelible</a>
<search><label>Search <input type="search" id="search" autocomplete="off"></label><ul id="found" aria-live="polite"></ul></search>
</header>
<nav aria-label="Documents"><ul>
${[link('index.html', 'overview'), link('see-it-work.html', 'see it work'), ...contents.map((one) => link(one.address, one.name))].join('\n')}
</ul></nav>
<main>
${html}</main>
<script src="${root}/search.js" defer></script>
</body>
</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/** A script, because a page that is opened without a server cannot fetch a file. */
function searchIndex(sections: readonly Section[]): string {
  const index = new MiniSearch<Section>(SEARCHED);
  index.addAll(sections);
  return `searchIndex(${JSON.stringify(JSON.stringify(index))});\n`;
}
