import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { makeDirectory, removeDirectory, run } from './command.js';

describe('the command line', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await makeDirectory();
  });
  afterEach(() => removeDirectory(directory));

  const wrong: [what: string, args: string[], names: RegExp][] = [
    ['no file', ['save'], /missing required argument 'file'/],
    ['two files', ['save', 'a', 'b'], /too many arguments/],
    ['an unknown option', ['save', 'file', '--fsync'], /unknown option '--fsync'/],
    ['an unknown command', ['keep', 'file'], /unknown command 'keep'/],
    ['a mode that is not octal', ['save', 'file', '--mode', '698'], /'698' is invalid/],
    ['a mode of more than twelve bits', ['save', 'file', '--mode', '10000'], /'10000' is invalid/],
    ['an owner by name', ['save', 'file', '--owner', 'root'], /'root' is invalid/],
    ['an unknown durability', ['save', 'file', '--durability', 'very'], /durable, ordered, none/],
    ['a file name that is not UTF-8', ['save', 'caf\ufffd'], /not valid UTF-8/],
    ['no time at all', ['bench', '--seconds', '0'], /'0' is invalid/],
    ['an append of nothing', ['bench', '--append', '0x4'], /'0x4' is invalid/],
    ['a time that is not a number', ['bench', '--seconds', 'soon'], /'soon' is invalid/],
  ];
  for (const [what, args, names] of wrong) {
    it(`refuses ${what} with status 2 and the reason, and changes nothing`, async () => {
      const { status, stdout, stderr } = await run(args, directory, 'input');
      assert.equal(status, 2);
      assert.equal(stdout, '');
      assert.match(stderr, /^indelible: /);
      assert.match(stderr, names);
      assert.deepEqual(await readdir(directory), []);
    });
  }

  it('--version prints the version of the package', async () => {
    const manifest: { version: string } = JSON.parse(
      await readFile(new URL('../../package.json', import.meta.url), 'utf8'),
    );
    const outcome = await run(['--version'], directory);
    assert.deepEqual(outcome, { status: 0, stdout: `${manifest.version}\n`, stderr: '' });
  });
});
