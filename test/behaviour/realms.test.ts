import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type PathLike, renameExclusive, replaceSymlink, save, sweep } from '../../src/index.js';
import { ended, startProgram } from '../node-process.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();
const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the library in a vm context of its own', () => {
  let directory = '';

  beforeAll(async () => {
    directory = mkdtempSync(join(root, 'build/realms-'));
    await build({
      entryPoints: [join(root, 'dist/index.js')],
      outfile: join(directory, 'bundle.cjs'),
      format: 'cjs',
      bundle: true,
      platform: 'node',
      packages: 'external',
      logLevel: 'error',
    });
  });

  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  async function run(task: string): Promise<unknown> {
    const program = startProgram('in-another-realm.mjs', [task, scratch.path, join(directory, 'bundle.cjs')]);
    const { code, stdout, stderr } = await ended(program);
    assert.equal(code, 0, stderr);
    assert.deepEqual(scratch.temporaries(), []);
    return JSON.parse(stdout);
  }

  it('creates and replaces files', async () => {
    assert.deepEqual(await run('save'), [false, true, 'newer']);
  });

  it('creates and replaces files synchronously', async () => {
    assert.deepEqual(await run('saveSync'), [false, true, 'newer']);
  });

  it('takes chunks of both contexts', async () => {
    assert.equal(await run('chunks'), 'abc');
  });

  it('streams chunks of both contexts', async () => {
    assert.equal(await run('stream'), 'abc');
  });

  it('updates files that exist and files that do not', async () => {
    assert.equal(await run('update'), 'abc');
  });

  it('takes options of its context', async () => {
    assert.deepEqual(await run('options'), ['EEXIST false', 'content']);
  });

  it('replaces links and follows them', async () => {
    assert.deepEqual(await run('names'), [[], 'through the link']);
  });

  it('rejects with codes, and says that nothing is published', async () => {
    assert.deepEqual(await run('errors'), [
      'ENOENT false',
      'ENOENT false',
      'EISDIR false',
      'ENOENT false',
      'ENOENT false',
      'ABORT_ERR false',
    ]);
  });
});

/** The properties that Node's `fs` looks at (lib/internal/url.js, isURL and fileURLToPath). */
function urlLike(path: string): { href: string; protocol: string; hostname: string; pathname: string } {
  const { href, protocol, hostname, pathname } = pathToFileURL(path);
  return { href, protocol, hostname, pathname };
}

const realm = createContext({ urlLike });

const paths: [string, (path: string) => unknown][] = [
  ['an object like a URL', urlLike],
  [
    'an object like a URL of another realm',
    (path) => runInContext(`({ ...urlLike(${JSON.stringify(path)}) })`, realm),
  ],
  [
    'a Uint8Array of another realm',
    (path) => runInContext(`new Uint8Array([${[...Buffer.from(path)]}])`, realm),
  ],
];

class LongPath extends Uint8Array {
  override get length(): number {
    return 4000;
  }
  override get byteLength(): number {
    return 4000;
  }
}

describe('a path', () => {
  for (const [kind, make] of paths) {
    it(`may be ${kind}`, async () => {
      for (const { save: saveWith } of forms) {
        await saveWith(make(scratch.at('with space')) as PathLike, 'new', {
          keepPrevious: make(scratch.at('previous')) as PathLike,
        });
      }
      assert.equal(readFileSync(scratch.at('with space'), 'utf8'), 'new');
      assert.equal(readFileSync(scratch.at('previous'), 'utf8'), 'new');
      await renameExclusive(
        make(scratch.at('previous')) as PathLike,
        make(scratch.at('renamed')) as PathLike,
      ).catch((error) => assert.equal(error.code, 'ERR_INDELIBLE_UNSUPPORTED'));
      await replaceSymlink('with space', make(scratch.at('link')) as PathLike);
      assert.equal(readFileSync(scratch.at('link'), 'utf8'), 'new');
      assert.deepEqual(await sweep(make(scratch.path) as PathLike), []);
    });
  }

  it('has the bytes that a Uint8Array really has', async () => {
    await save(new LongPath(Buffer.from(scratch.at('file'))) as Buffer, 'new');
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
  });

  const wrong: [string, object, string][] = [
    ['with another protocol', { ...urlLike('/x'), protocol: 'https:' }, 'ERR_INVALID_URL_SCHEME'],
    ['with a host', { ...urlLike('/x'), hostname: 'example.org' }, 'ERR_INVALID_FILE_URL_HOST'],
    ['with an encoded slash', { ...urlLike('/x'), pathname: '/a%2fb' }, 'ERR_INVALID_FILE_URL_PATH'],
    ['with a NUL byte', { ...urlLike('/x'), pathname: '/a%00b' }, 'ERR_INVALID_ARG_VALUE'],
    ['without a pathname', { href: 'file:///x', protocol: 'file:', hostname: '' }, 'ERR_INVALID_ARG_TYPE'],
    ['that is the result of url.parse', { ...urlLike('/x'), auth: null, path: '/x' }, 'ERR_INVALID_ARG_TYPE'],
    ['without a href', { ...urlLike('/x'), href: '' }, 'ERR_INVALID_ARG_TYPE'],
  ];
  for (const [kind, path, code] of wrong) {
    it(`is refused if it is an object like a URL ${kind}`, async () => {
      for (const { save: saveWith } of forms) await assert.rejects(saveWith(path as URL, 'new'), { code });
    });
  }
});
