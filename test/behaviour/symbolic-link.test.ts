import assert from 'node:assert/strict';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, it } from 'vitest';
import { ScratchDirectory } from '../scratch-directory.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();

for (const { name, save } of forms) {
  describe(`${name} to a symbolic link`, () => {
    it('replaces its target and leaves the link', async () => {
      writeFileSync(scratch.at('target'), 'old');
      symlinkSync('target', scratch.at('link'));
      const saved = await save(scratch.at('link'), 'new');
      assert.equal(saved.replaced, true);
      assert.equal(saved.path, scratch.at('link'));
      assert.equal(readlinkSync(scratch.at('link')), 'target');
      assert.equal(lstatSync(scratch.at('target')).isFile(), true);
      assert.equal(readFileSync(scratch.at('target'), 'utf8'), 'new');
    });

    it('follows an absolute link', async () => {
      writeFileSync(scratch.at('target'), 'old');
      symlinkSync(scratch.at('target'), scratch.at('link'));
      await save(scratch.at('link'), 'new');
      assert.equal(readFileSync(scratch.at('target'), 'utf8'), 'new');
    });

    it("keeps the target's mode, not the link's", async () => {
      writeFileSync(scratch.at('target'), 'old', { mode: 0o640 });
      symlinkSync('target', scratch.at('link'));
      await save(scratch.at('link'), 'new');
      assert.equal(lstatSync(scratch.at('target')).mode & 0o7777, 0o640);
    });

    it('follows a chain, each link from its own directory', async () => {
      mkdirSync(scratch.at('a'));
      mkdirSync(scratch.at('b'));
      writeFileSync(scratch.at('b', 'target'), 'old');
      symlinkSync('../b/second', scratch.at('a', 'first'));
      symlinkSync('target', scratch.at('b', 'second'));
      symlinkSync('a/first', scratch.at('link'));
      await save(scratch.at('link'), 'new');
      assert.equal(readFileSync(scratch.at('b', 'target'), 'utf8'), 'new');
      assert.equal(readlinkSync(scratch.at('b', 'second')), 'target');
    });

    it('follows a chain of forty links and no longer one', async () => {
      writeFileSync(scratch.at('0'), 'old');
      for (let link = 1; link <= 41; link += 1) symlinkSync(`${link - 1}`, scratch.at(`${link}`));
      await save(scratch.at('40'), 'new');
      assert.equal(readFileSync(scratch.at('0'), 'utf8'), 'new');
      await assert.rejects(save(scratch.at('41'), 'newer'), {
        code: 'ELOOP',
        syscall: 'open',
        published: false,
      });
      assert.equal(readFileSync(scratch.at('0'), 'utf8'), 'new');
    });

    it('creates the target of a dangling link', async () => {
      symlinkSync('target', scratch.at('link'));
      const saved = await save(scratch.at('link'), 'new');
      assert.equal(saved.replaced, false);
      assert.equal(readlinkSync(scratch.at('link')), 'target');
      assert.equal(readFileSync(scratch.at('target'), 'utf8'), 'new');
    });

    it('makes no directory for a dangling link unless asked', async () => {
      symlinkSync('missing/target', scratch.at('link'));
      await assert.rejects(save(scratch.at('link'), 'new'), {
        code: 'ENOENT',
        syscall: 'open',
        published: false,
      });
      assert.deepEqual(readdirSync(scratch.path).sort(), ['link']);
    });

    it('makes the directories of a dangling link if asked', async () => {
      symlinkSync('missing/too/target', scratch.at('link'));
      const saved = await save(scratch.at('link'), 'new', { makeDirectories: true });
      assert.equal(saved.replaced, false);
      assert.equal(readFileSync(scratch.at('missing', 'too', 'target'), 'utf8'), 'new');
    });

    it('refuses a loop', async () => {
      symlinkSync('b', scratch.at('a'));
      symlinkSync('a', scratch.at('b'));
      await assert.rejects(save(scratch.at('a'), 'new'), {
        code: 'ELOOP',
        syscall: 'open',
        published: false,
      });
      assert.deepEqual(readdirSync(scratch.path).sort(), ['a', 'b']);
    });

    it('refuses a link to a directory', async () => {
      mkdirSync(scratch.at('directory'));
      symlinkSync('directory', scratch.at('link'));
      await assert.rejects(save(scratch.at('link'), 'new'), { code: 'EISDIR', published: false });
    });

    it('refuses a link that ends in a slash', async () => {
      writeFileSync(scratch.at('target'), 'old');
      symlinkSync('target/', scratch.at('link'));
      await assert.rejects(save(scratch.at('link'), 'new'), { code: 'ENOTDIR', published: false });
      assert.equal(readFileSync(scratch.at('target'), 'utf8'), 'old');
    });

    it('follows a link whose target is not UTF-8', async () => {
      const target = Buffer.concat([Buffer.from(`${scratch.path}/`), Buffer.from([0xff, 0xfe])]);
      writeFileSync(target, 'old');
      symlinkSync(Buffer.from([0xff, 0xfe]), scratch.at('link'));
      await save(scratch.at('link'), 'new');
      assert.equal(readFileSync(target, 'utf8'), 'new');
    });

    it('goes through links among the parent directories', async () => {
      mkdirSync(scratch.at('directory'));
      symlinkSync('directory', scratch.at('link'));
      await save(scratch.at('link', 'file'), 'new');
      assert.equal(readFileSync(scratch.at('directory', 'file'), 'utf8'), 'new');
    });

    it('resolves `..` after a link as the kernel does', async () => {
      mkdirSync(scratch.at('other', 'deep'), { recursive: true });
      symlinkSync('other/deep', scratch.at('link'));
      await save(`${scratch.at('link')}/../file`, 'new');
      assert.equal(readFileSync(scratch.at('other', 'file'), 'utf8'), 'new');
    });

    it('replaces the link itself if told not to follow', async () => {
      writeFileSync(scratch.at('target'), 'old', { mode: 0o600 });
      symlinkSync('target', scratch.at('link'));
      const saved = await save(scratch.at('link'), 'new', { followSymlinks: false });
      assert.equal(saved.replaced, true);
      assert.equal(lstatSync(scratch.at('link')).isFile(), true);
      assert.equal(readFileSync(scratch.at('link'), 'utf8'), 'new');
      assert.equal(readFileSync(scratch.at('target'), 'utf8'), 'old');
    });

    it('gives the file that replaces a link the attributes of a new file', async () => {
      writeFileSync(scratch.at('target'), 'old', { mode: 0o600 });
      symlinkSync('target', scratch.at('link'));
      await save(scratch.at('link'), 'new', { followSymlinks: false });
      assert.equal(lstatSync(scratch.at('link')).mode & 0o7777, 0o666 & ~process.umask());
    });

    it('replaces a link that leads to a directory, or nowhere, if told not to follow', async () => {
      for (const content of ['.', 'missing', 'link']) {
        symlinkSync(content, scratch.at('link'));
        await save(scratch.at('link'), 'new', { followSymlinks: false });
        assert.deepEqual(readdirSync(scratch.path).sort(), ['link']);
        assert.equal(readFileSync(scratch.at('link'), 'utf8'), 'new');
        unlinkSync(scratch.at('link'));
      }
    });
  });
}
