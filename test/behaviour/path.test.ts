import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, it } from 'vitest';
import { ScratchDirectory } from '../scratch-directory.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();
const startDirectory = process.cwd();

/** A name that is not UTF-8, so that no string can express it. */
const RAW_NAME = Buffer.from([0x66, 0xff, 0xfe, 0x80]);

afterEach(() => {
  process.chdir(startDirectory);
});

for (const { name, save } of forms) {
  describe(`the path of ${name}`, () => {
    it('may be a URL, with its escapes', async () => {
      await save(pathToFileURL(scratch.at('with space')), 'new');
      assert.equal(readFileSync(scratch.at('with space'), 'utf8'), 'new');
    });

    it('must not be a URL of anything but a file', async () => {
      await assert.rejects(save(new URL('https://example.org/file'), 'new'), {
        name: 'TypeError',
        code: 'ERR_INVALID_URL_SCHEME',
      });
    });

    it('may be a Buffer', async () => {
      await save(Buffer.from(scratch.at('file')), 'new');
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
    });

    it('may be a Buffer that is not UTF-8', async () => {
      const path = Buffer.concat([Buffer.from(`${scratch.path}/`), RAW_NAME]);
      await save(path, 'old');
      const saved = await save(path, 'new');
      assert.equal(saved.replaced, true);
      assert.deepEqual(readdirSync(scratch.path, { encoding: 'buffer' }), [RAW_NAME]);
      assert.equal(readFileSync(path, 'utf8'), 'new');
    });

    it('may lead through a directory whose name is not UTF-8', async () => {
      const directory = Buffer.concat([Buffer.from(`${scratch.path}/`), RAW_NAME]);
      mkdirSync(directory);
      const path = Buffer.concat([directory, Buffer.from('/file')]);
      await save(path, 'new');
      assert.equal(readFileSync(path, 'utf8'), 'new');
    });

    it('may be relative', async () => {
      process.chdir(scratch.path);
      const saved = await save('file', 'new');
      assert.equal(saved.path, scratch.at('file'));
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
    });

    it('is resolved against the working directory of the call, not a later one', async () => {
      mkdirSync(scratch.at('later'));
      process.chdir(scratch.path);
      const pending = save('file', 'new');
      process.chdir(scratch.at('later'));
      await pending;
      assert.deepEqual(readdirSync(scratch.at('later')), []);
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
    });

    it('may end in a name of 255 bytes', async () => {
      await save(scratch.at('n'.repeat(255)), 'old');
      await save(scratch.at('n'.repeat(255)), 'new');
      assert.equal(readFileSync(scratch.at('n'.repeat(255)), 'utf8'), 'new');
    });

    it('must not end in a longer name', async () => {
      await assert.rejects(save(scratch.at('n'.repeat(256)), 'new'), {
        code: 'ENAMETOOLONG',
        published: false,
      });
    });

    it('may hold repeated slashes and dots', async () => {
      mkdirSync(scratch.at('sub'));
      await save(`${scratch.path}//./sub/..//file`, 'new');
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
    });

    it('must not hold a NUL byte', async () => {
      for (const path of [scratch.at('fi\0le'), Buffer.from(scratch.at('fi\0le'))]) {
        await assert.rejects(save(path, 'new'), { name: 'TypeError', code: 'ERR_INVALID_ARG_VALUE' });
      }
      assert.deepEqual(readdirSync(scratch.path), []);
    });

    it('must not be empty', async () => {
      process.chdir(scratch.path);
      for (const path of ['', Buffer.alloc(0)]) {
        await assert.rejects(save(path, 'new'), { code: 'ENOENT', syscall: 'open', published: false });
      }
      assert.deepEqual(readdirSync(scratch.path), []);
    });

    it('must lead to an existing directory', async () => {
      const path = scratch.at('missing', 'file');
      await assert.rejects(save(path, 'new'), {
        code: 'ENOENT',
        syscall: 'open',
        path,
        published: false,
        message: `ENOENT: no such file or directory, open '${path}'`,
      });
    });

    it('must not lead through a file', async () => {
      writeFileSync(scratch.at('file'), 'old');
      await assert.rejects(save(scratch.at('file', 'below'), 'new'), { code: 'ENOTDIR', published: false });
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'old');
    });

    for (const ending of ['', '/', '/.', '/..']) {
      it(`must not be a directory, written as directory${ending}`, async () => {
        mkdirSync(scratch.at('directory'));
        await assert.rejects(save(`${scratch.at('directory')}${ending}`, 'new'), {
          code: 'EISDIR',
          syscall: 'open',
          published: false,
        });
        assert.deepEqual(readdirSync(scratch.path), ['directory']);
      });
    }

    it('must not be the root', async () => {
      await assert.rejects(save('/', 'new'), { code: 'EISDIR', syscall: 'open', published: false });
    });

    it('must not end in a slash behind a file', async () => {
      writeFileSync(scratch.at('file'), 'old');
      for (const ending of ['/', '/.', '/..']) {
        await assert.rejects(save(`${scratch.at('file')}${ending}`, 'new'), {
          code: 'ENOTDIR',
          published: false,
        });
      }
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'old');
    });

    it('must not end in a slash behind nothing', async () => {
      await assert.rejects(save(`${scratch.at('missing')}/`, 'new'), { code: 'EISDIR', published: false });
      await assert.rejects(save(`${scratch.at('missing')}/.`, 'new'), { code: 'ENOENT', published: false });
      assert.deepEqual(readdirSync(scratch.path), []);
    });

    it('may be thousands of bytes long', async () => {
      let path = scratch.path;
      while (path.length + 252 < 3900) {
        path = join(path, 'd'.repeat(250));
        mkdirSync(path);
      }
      await save(join(path, 'file'), 'new');
      assert.equal(readFileSync(join(path, 'file'), 'utf8'), 'new');
    });
  });
}
