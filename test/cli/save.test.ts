import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { thisProcess } from '../../src/fs/temporary-owner.js';
import { makeDirectory, removeDirectory, run } from './command.js';

const isRoot = process.getuid?.() === 0;

describe('indelible save', () => {
  let directory: string;
  let file: string;
  beforeEach(async () => {
    directory = await makeDirectory();
    file = join(directory, 'file');
  });
  afterEach(() => removeDirectory(directory));

  it('saves standard input byte for byte, and prints nothing', async () => {
    const input = randomBytes(3 * 2 ** 20 + 1);
    const outcome = await run(['save', 'file'], directory, input);
    assert.deepEqual(outcome, { status: 0, stdout: '', stderr: '' });
    assert.ok(input.equals(await readFile(file)));
  });

  it.skipIf(process.platform !== 'linux')('removes what a dead program of this user has left', async () => {
    const { processId, startTime, boot, namespaces } = thisProcess();
    const left = `.indelible-p-${processId}-${startTime - 1}-${boot}-${namespaces}-abcdefghij234567`;
    await writeFile(join(directory, left), '');
    assert.equal((await run(['save', 'file'], directory, 'content')).status, 0);
    assert.deepEqual(await readdir(directory), ['file']);
  });

  it('saves an empty file from empty input', async () => {
    await writeFile(file, 'old');
    assert.equal((await run(['save', 'file'], directory)).status, 0);
    assert.equal(await readFile(file, 'utf8'), '');
  });

  it('leaves nothing beside the file', async () => {
    await run(['save', 'file'], directory, 'new');
    assert.deepEqual(await readdir(directory), ['file']);
  });

  it('--mode sets the permissions exactly', async () => {
    await run(['save', 'file', '--mode', '640'], directory, 'new');
    assert.equal((await stat(file)).mode & 0o7777, 0o640);
  });

  it('keeps the permissions of the replaced file, unless --preserve none', async () => {
    await writeFile(file, 'old');
    await chmod(file, 0o601);
    await run(['save', 'file'], directory, 'new');
    assert.equal((await stat(file)).mode & 0o7777, 0o601);
    await run(['save', 'file', '--preserve', 'none'], directory, 'newer');
    assert.notEqual((await stat(file)).mode & 0o7777, 0o601);
  });

  it('--create-mode sets the permissions of a new file, less the umask', async () => {
    await run(['save', 'file', '--create-mode', '1777'], directory, 'new');
    assert.equal((await stat(file)).mode & 0o7777, 0o1777 & ~process.umask());
    await run(['save', 'file', '--create-mode', '600'], directory, 'newer');
    assert.equal((await stat(file)).mode & 0o7777, 0o1777 & ~process.umask());
  });

  it.skipIf(!isRoot)('--preserve keeps the listed attributes only', async () => {
    await writeFile(file, 'old');
    await chown(file, 12, 34);
    await chmod(file, 0o601);
    await run(['save', 'file', '--preserve', 'owner,attributes'], directory, 'new');
    const { uid, gid, mode } = await stat(file);
    assert.deepEqual([uid, gid, mode & 0o7777], [12, 34, 0o666 & ~process.umask()]);
  });

  it.skipIf(!isRoot)('--owner sets the user or the group alone', async () => {
    await run(['save', 'file', '--owner', ':34'], directory, 'new');
    assert.deepEqual([(await stat(file)).uid, (await stat(file)).gid], [0, 34]);
    await run(['save', 'file', '--owner', '12', '--owner-if-permitted'], directory, 'new');
    assert.deepEqual([(await stat(file)).uid, (await stat(file)).gid], [12, 34]);
  });

  for (const wrong of [
    ['--owner', 'root'],
    ['--owner', ':'],
    ['--owner-if-permitted'],
    ['--preserve', 'mode,times'],
    ['--preserve', ''],
    ['--create-mode', '0x1ff'],
  ]) {
    it(`refuses ${wrong.join(' ')} as wrong usage`, async () => {
      const { status } = await run(['save', 'file', ...wrong], directory, 'new');
      assert.equal(status, 2);
      assert.deepEqual(await readdir(directory), []);
    });
  }

  it.skipIf(!isRoot)('--owner sets user and group', async () => {
    await writeFile(file, 'old');
    await chown(file, 0, 0);
    await run(['save', 'file', '--owner', '12:34'], directory, 'new');
    const { uid, gid } = await stat(file);
    assert.deepEqual({ uid, gid }, { uid: 12, gid: 34 });
  });

  it('--if-exists fail keeps an existing file and fails', async () => {
    await writeFile(file, 'old');
    const { status, stderr } = await run(['save', 'file', '--if-exists', 'fail'], directory, 'new');
    assert.equal(status, 1);
    assert.match(stderr, /^indelible: EEXIST: file already exists, .*\n$/);
    assert.equal(await readFile(file, 'utf8'), 'old');
    assert.deepEqual(await readdir(directory), ['file']);
  });

  it('--if-exists fail creates a missing file', async () => {
    assert.equal((await run(['save', 'file', '--if-exists', 'fail'], directory, 'new')).status, 0);
    assert.equal(await readFile(file, 'utf8'), 'new');
  });

  it('replaces the target of a symbolic link, or with --no-follow-symlinks the link', async () => {
    const link = join(directory, 'link');
    await symlink('file', link);
    await run(['save', 'link'], directory, 'through');
    assert.equal(await readlink(link), 'file');
    assert.equal(await readFile(file, 'utf8'), 'through');
    await run(['save', 'link', '--no-follow-symlinks'], directory, 'instead');
    assert.ok((await lstat(link)).isFile());
    assert.equal(await readFile(file, 'utf8'), 'through');
  });

  it('--make-directories creates missing parents. Without it the save fails', async () => {
    const args = ['save', 'a/b/file'];
    const { status, stderr } = await run(args, directory, 'new');
    assert.equal(status, 1);
    assert.match(stderr, /^indelible: ENOENT: no such file or directory, .*\n$/);
    assert.deepEqual(await readdir(directory), []);
    assert.equal((await run([...args, '--make-directories'], directory, 'new')).status, 0);
    assert.equal(await readFile(join(directory, 'a/b/file'), 'utf8'), 'new');
  });

  it('refuses a directory with status 1 and one line that names it', async () => {
    await mkdir(file);
    const { status, stdout, stderr } = await run(['save', 'file'], directory, 'new');
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^indelible: EISDIR: illegal operation on a directory, .*file'\n$/);
  });

  for (const durability of ['durable', 'ordered', 'none']) {
    it(`saves with --durability ${durability}`, async () => {
      const { status } = await run(['save', 'file', '--durability', durability], directory, 'new');
      assert.equal(status, 0);
      assert.equal(await readFile(file, 'utf8'), 'new');
    });
  }

  it('--help explains the danger of a pipe from a killed producer, and how to avoid it', async () => {
    const { status, stdout } = await run(['save', '--help'], directory);
    assert.equal(status, 0);
    assert.match(stdout, /pipefail/);
    assert.match(stdout, /producer > tmp && indelible save FILE < tmp/);
  });
});
