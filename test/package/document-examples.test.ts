/** Runs the examples of the documents: whatever is marked as JavaScript, and the calls of the README's table. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import * as indelible from 'indelible';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { nativeUnavailable } from '../engines.js';

const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
/** In the package, so that its examples find it by its name. */
const MODULES = join(PROJECT, 'build/document-examples');

interface Example {
  title: string;
  code: string;
}

/** What an example may use without saying where it is from, as code that declares it. */
const GIVEN: Readonly<Record<string, string>> = {
  ...{
    cp: "import { cp } from 'node:fs/promises';",
    rm: "import { rm } from 'node:fs/promises';",
    writeSync: "import { writeSync } from 'node:fs';",
    pipeline: "import { pipeline } from 'node:stream/promises';",
    require: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
  },
  ...{
    text: "const text = 'text';",
    data: "const data = 'data';",
    path: "const path = 'one-of-many';",
    key: "const key = 'key';",
    chunks: "const chunks = ['a', 'b'];",
    job: "const job = { name: 'job' };",
    items: 'const items = [];',
    state: "const state = { window: 'maximized' };",
    page: 'const page = Buffer.alloc(8192, 1);',
    pages: "const pages = [{ url: 'a', html: 'a' }, { url: 'b', html: 'b' }];",
    outputs: "const outputs = [{ path: 'out/a/b', data: 'b' }];",
  },
  ...{
    rows: "async function* rows() { yield 'a\\n'; yield 'b\\n'; }",
    response: "import { Readable } from 'node:stream'; const response = Readable.from(['body']);",
    report: 'const report = (error) => { throw error; };',
    metrics: 'const metrics = { increment() {} };',
    downloadTo: "const downloadTo = async (fd) => (await import('node:fs')).writeSync(fd, 'image');",
    prepare:
      "const prepare = async (path) => (await import('node:fs/promises')).mkdir(path, { recursive: true });",
    app: 'const app = { post: (_path, handle) => handle({ body: 1 }, { sendStatus() {} }) };',
  },
};

/** What an example must have left, by a part of its title: a path, and its content. */
const LEAVES: readonly (readonly [title: string, path: string, content: string])[] = [
  ['README.md, block 1', 'settings.json', '{"theme":"dark"}'],
  ['docs/saver.md, block 1', 'settings.json', '{"theme":"dark"}'],
  ['docs/save.md, block 1', 'settings.json', 'text'],
  ['docs/update.md, block 1', 'counter', '1'],
  ['docs/streams.md, block 1', 'rows.csv', 'a\nb\n'],
  ['docs/streams.md, block 1', 'download.iso', 'body'],
  ['docs/save-all.md, block 1', 'out/b/index.html', 'b'],
  ['docs/open-temporary.md, block 1', 'downloads/image.iso', 'image'],
  ['docs/replace-directory.md, block 1', 'site/file', 'content'],
  ['docs/recipes.md, block 3', 'jobs.json', '[{"name":"job"}]'],
  ['docs/recipes.md, block 4', 'out/a/b', 'b'],
  ['docs/migrating.md, block 2', 'folder/a.json', 'text'],
  ['see-it-work.html, settings-saver', 'config.json', '{\n  "theme": "dark"\n}'],
  ['see-it-work.html, with-indelible', 'config.json', '{ "theme": "dark" }'],
];

/** What is marked as JavaScript, or is indented and begins like it. */
const FENCED_OR_INDENTED =
  /^```js\n(.*?)^```|(?<=\n\n)((?: {4}(?:await|import|const) [^\n]*\n)(?: {4}[^\n]*\n|\n(?= {4}))*)/gms;

const examples = [...fromDocuments(), ...fromReadmeTable(), ...fromPage()];

describe.skipIf(nativeUnavailable !== undefined)('an example of the documents runs', () => {
  beforeAll(() => {
    mkdirSync(MODULES, { recursive: true });
  });
  afterAll(() => rmSync(MODULES, { recursive: true }));

  for (const { title, code } of examples) {
    it(title, async () => {
      const directory = mkdtempSync(join(tmpdir(), 'indelible-example-'));
      try {
        prepare(directory, code);
        await run(directory, code);
        for (const [, path, content] of LEAVES.filter(([of]) => of === title)) {
          assert.equal(readFileSync(join(directory, path), 'utf8'), content, path);
        }
      } finally {
        rmSync(directory, { recursive: true });
      }
    });
  }

  it('for each that must leave a file', () => {
    for (const [title] of LEAVES)
      assert.ok(
        examples.some((one) => one.title === title),
        title,
      );
    assert.ok(examples.length > 30, `only ${examples.length}`);
  });

  it('and the one by hand cleans up when it fails', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'indelible-example-'));
    try {
      mkdirSync(join(directory, 'target'));
      const code = `${byHand()}\nawait save('target', 'text');`;
      await assert.rejects(run(directory, code), /EISDIR|ENOTEMPTY|EEXIST|EPERM/);
      assert.deepEqual(readdirSync(directory), ['target']);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

function fromDocuments(): Example[] {
  const documents = readdirSync(join(PROJECT, 'docs')).filter((name) => name.endsWith('.md'));
  return ['README.md', ...documents.map((name) => `docs/${name}`)].flatMap((path) => {
    const blocks = readFileSync(join(PROJECT, path), 'utf8').matchAll(FENCED_OR_INDENTED);
    return [...blocks].map(([, fenced, indented = ''], index) => ({
      title: `${path}, block ${index + 1}`,
      code: fenced ?? indented,
    }));
  });
}

function fromReadmeTable(): Example[] {
  const readme = readFileSync(join(PROJECT, 'README.md'), 'utf8');
  const table = readme.slice(readme.indexOf('## I want to'), readme.indexOf('## Guarantees'));
  const calls = table.matchAll(/`((?:await|saveSync\()[^`]*)`/g);
  return [...calls].map(([, code = '']) => ({ title: `README.md: ${code}`, code }));
}

function fromPage(): Example[] {
  return ['with-indelible', 'settings-saver'].map((id) => ({
    title: `see-it-work.html, ${id}`,
    code: id === 'settings-saver' ? `${byHand()}\n${codeOfPage(id)}` : codeOfPage(id),
  }));
}

function byHand(): string {
  return codeOfPage('by-hand').replace('export async function', 'async function');
}

function codeOfPage(id: string): string {
  const page = readFileSync(join(PROJECT, 'docs/see-it-work/page.html'), 'utf8');
  const code = new RegExp(`<pre id="${id}"><code>(.*?)</code>`, 's').exec(page)?.[1];
  assert.ok(code !== undefined, id);
  return code.replaceAll('&gt;', '>').replaceAll('&lt;', '<').replaceAll('&amp;', '&');
}

/** Makes the files and directories that the examples take for granted. */
function prepare(directory: string, code: string): void {
  const directories = ['build', 'next', 'downloads', 'folder', 'data', 'srv/app', 'var/lib/app'];
  // A directory cannot be replaced by a link.
  if (!code.includes('replaceSymlink(')) directories.push('current', 'site');
  else if (code.includes('exchange(')) writeFileSync(join(directory, 'current'), 'current');
  for (const name of directories) mkdirSync(join(directory, name), { recursive: true });
  for (const name of [
    'previous',
    'upload.part',
    'data/table.db',
    'build/file',
    'next/file',
    'a.json',
    'docs.json',
  ]) {
    writeFileSync(join(directory, name), 'content');
  }
  writeFileSync(join(directory, 'config.json'), '{ "theme": "light" }');
}

/** Runs an example as a module, in a directory. What it writes to standard error is an error. */
async function run(directory: string, code: string): Promise<void> {
  const local = code.replaceAll(/'\/(?=(?:srv|var)\/)/g, `'${directory}/`);
  const declared = new Set(
    [...local.matchAll(/\b(?:const|using|let|function\*?|class) (\w+)|^import (.*) from/gm)].flatMap(
      ([, name, imported = '']) => [name, ...imported.split(/\W+/)],
    ),
  );
  const used = (name: string) => new RegExp(`(?<![.\\w])${name}\\b`).test(local) && !declared.has(name);
  const ofPackage = Object.keys(indelible).filter(used);
  const given = Object.entries(GIVEN).flatMap(([name, declaration]) => (used(name) ? [declaration] : []));
  const source = [
    ofPackage.length === 0 ? '' : `import { ${ofPackage.join(', ')} } from 'indelible';`,
    ...given,
    local,
  ].join('\n');
  const { code: module } = await transform(source, { target: 'node20', format: 'esm' });
  const file = join(MODULES, `${Math.random().toString(36).slice(2)}.mjs`);
  writeFileSync(file, module);
  const { stderr } = await promisify(execFile)(process.execPath, [file], { cwd: directory });
  assert.equal(stderr, '');
}
