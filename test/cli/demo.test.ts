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

  it('writes the page where it is told to, says where, and opens nothing with --no-open', async () => {
    const outcome = await run(['demo', 'page.html', '--no-open'], directory);
    assert.deepEqual(outcome, { status: 0, stdout: 'page.html\n', stderr: '' });
    assert.deepEqual(await readFile(join(directory, 'page.html')), await readFile(PAGE));
  });

  it('replaces a file that is there, and names it see-it-work.html where no name is given', async () => {
    await writeFile(join(directory, 'see-it-work.html'), 'an older page');
    const outcome = await run(['demo', '--no-open'], directory);
    assert.equal(outcome.status, 0);
    assert.deepEqual(await readdir(directory), ['see-it-work.html']);
    assert.deepEqual(await readFile(join(directory, 'see-it-work.html')), await readFile(PAGE));
  });

  it('fails where it cannot write', async () => {
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

    it('hands the page to the program that opens pages', async () => {
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

    it('says so where there is no such program, and has written the page', async () => {
      const outcome = await demo(directory);
      assert.equal(outcome.status, 0);
      assert.match(outcome.stderr, /^indelible: xdg-open could not be started/);
      assert.deepEqual(await readFile(join(directory, 'a page.html')), await readFile(PAGE));
    });
  }
});
