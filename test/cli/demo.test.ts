import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, readdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { MAIN, makeDirectory, outcomeOf, removeDirectory, run, until } from './command.js';

const PAGE = new URL('../../docs/see-it-work.html', import.meta.url);

describe('indelible demo', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await makeDirectory();
  });
  afterEach(() => removeDirectory(directory));

  it('writes the page, prints its path, and opens nothing with --no-open', async () => {
    const outcome = await run(['demo', 'page.html', '--no-open'], directory);
    assert.deepEqual(outcome, { status: 0, stdout: 'page.html\n', stderr: '' });
    assert.deepEqual(await readFile(join(directory, 'page.html')), await readFile(PAGE));
  });

  it('replaces an existing file. The default name is see-it-work.html', async () => {
    await writeFile(join(directory, 'see-it-work.html'), 'an older page');
    const outcome = await run(['demo', '--no-open'], directory);
    assert.equal(outcome.status, 0);
    assert.deepEqual(await readdir(directory), ['see-it-work.html']);
    assert.deepEqual(await readFile(join(directory, 'see-it-work.html')), await readFile(PAGE));
  });

  it('fails if it cannot write the page', async () => {
    const outcome = await run(['demo', 'missing/page.html', '--no-open'], directory);
    assert.equal(outcome.status, 1);
    assert.match(outcome.stderr, /^indelible: ENOENT/);
  });

  if (process.platform === 'linux') {
    const demo = (path: string) => {
      const child = spawn(process.execPath, [MAIN, 'demo', 'a page.html'], {
        cwd: directory,
        env: { ...process.env, PATH: path },
      });
      child.stdin.end();
      return outcomeOf(child);
    };

    it('opens the page with the program of the system', async () => {
      const opened = join(directory, 'opened');
      await writeFile(
        join(directory, 'xdg-open'),
        `#!/bin/sh\nprintf %s "$1" > ${opened}.part\nmv ${opened}.part ${opened}\n`,
      );
      await chmod(join(directory, 'xdg-open'), 0o755);
      const outcome = await demo(`${directory}${delimiter}${process.env.PATH}`);
      assert.deepEqual(outcome, { status: 0, stdout: 'a page.html\n', stderr: '' });
      await until(async () => (await readdir(directory)).includes('opened'));
      assert.match(await readFile(opened, 'utf8'), /^file:\/\/\/.*\/a%20page\.html$/);
    });

    it('writes the page and prints a message if the system has no such program', async () => {
      const outcome = await demo(directory);
      assert.equal(outcome.status, 0);
      assert.match(outcome.stderr, /^indelible: xdg-open could not be started/);
      assert.deepEqual(await readFile(join(directory, 'a page.html')), await readFile(PAGE));
    });
  }
});
