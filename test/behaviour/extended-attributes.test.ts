import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { isRoot, NOBODY } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { saveAs } from './call-as.js';
import { engineUnderTest } from './engine-under-test.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();

const tools = ['setfattr', 'setfacl', 'chattr'];
const missing = tools.filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
if (missing.length > 0) {
  process.stderr.write(
    `extended-attributes.test.ts is skipped: needs ${missing.join(', ')} (Debian packages attr, acl, e2fsprogs)\n`,
  );
}

function run(tool: string, ...args: string[]): string {
  return execFileSync(tool, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** The extended attributes of a file, by name. */
function attributesOf(path: string): string[] {
  return run('getfattr', '--absolute-names', '-d', '-m', '-', path)
    .split('\n')
    .filter((line) => line.includes('='))
    .sort();
}

function aclOf(path: string): string[] {
  return run('getfacl', '--absolute-names', '--omit-header', '--numeric', path).trim().split('\n');
}

const flagsOf = (path: string) => run('lsattr', path).split(' ')[0];

if (engineUnderTest === 'native') {
  describe.skipIf(missing.length > 0)('a file that is replaced', () => {
    for (const { name: form, save } of forms) {
      describe(`by ${form}`, () => {
        it('keeps its extended attributes', async () => {
          writeFileSync(scratch.at('file'), 'old');
          run('setfattr', '-n', 'user.colour', '-v', 'blue', scratch.at('file'));
          run('setfattr', '-n', 'user.empty', scratch.at('file'));
          const before = attributesOf(scratch.at('file'));
          await save(scratch.at('file'), 'new');
          assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
          assert.deepEqual(attributesOf(scratch.at('file')), before);
          assert.equal(before.length, 2);
        });

        it('keeps attributes that are long and many', async () => {
          writeFileSync(scratch.at('file'), 'old');
          for (let index = 0; index < 12; index += 1) {
            const name = `user.${'n'.repeat(60)}${index}`;
            run('setfattr', '-n', name, '-v', 'v'.repeat(index === 0 ? 1500 : 20), scratch.at('file'));
          }
          const before = attributesOf(scratch.at('file'));
          await save(scratch.at('file'), 'new');
          assert.deepEqual(attributesOf(scratch.at('file')), before);
        });

        it('keeps its ACL', async () => {
          writeFileSync(scratch.at('file'), 'old', { mode: 0o640 });
          run('setfacl', '-m', `u:${NOBODY}:rw-,g:4321:r--,m::rw-`, scratch.at('file'));
          const before = aclOf(scratch.at('file'));
          await save(scratch.at('file'), 'new');
          assert.deepEqual(aclOf(scratch.at('file')), before);
        });

        it("does not get the directory's default ACL", async () => {
          mkdirSync(scratch.at('shared'));
          const file = scratch.at('shared', 'file');
          writeFileSync(file, 'old', { mode: 0o640 });
          run('setfacl', '-d', '-m', `u:${NOBODY}:rwx`, scratch.at('shared'));
          const before = aclOf(file);
          await save(file, 'new');
          assert.deepEqual(aclOf(file), before);
          assert.equal(statSync(file).mode & 0o7777, 0o640);
        });

        it('has exactly the mode that is asked for, whatever its ACL', async () => {
          writeFileSync(scratch.at('file'), 'old');
          run('setfacl', '-m', `u:${NOBODY}:rwx`, scratch.at('file'));
          await save(scratch.at('file'), 'new', { mode: 0o604 });
          assert.equal(statSync(scratch.at('file')).mode & 0o7777, 0o604);
        });

        it('keeps its file flags', async () => {
          writeFileSync(scratch.at('file'), 'old');
          run('chattr', '+dA', scratch.at('file'));
          const before = flagsOf(scratch.at('file'));
          await save(scratch.at('file'), 'new');
          assert.equal(flagsOf(scratch.at('file')), before);
          assert.match(before ?? '', /d.*A|A.*d/);
        });

        for (const preserve of ['permissions', 'none'] as const) {
          it(`loses its extended attributes and its ACL with preserve '${preserve}'`, async () => {
            writeFileSync(scratch.at('file'), 'old');
            run('setfattr', '-n', 'user.colour', '-v', 'blue', scratch.at('file'));
            run('setfacl', '-m', `u:${NOBODY}:rwx`, scratch.at('file'));
            await save(scratch.at('file'), 'new', { preserve });
            assert.deepEqual(attributesOf(scratch.at('file')), []);
          });
        }

        it("gives the group no more without the ACL than the ACL gave it, with preserve 'permissions'", async () => {
          writeFileSync(scratch.at('file'), 'old', { mode: 0o600 });
          run('setfacl', '-m', 'u:1234:rw,g::---,m::rw', scratch.at('file'));
          await save(scratch.at('file'), 'new', { preserve: 'permissions' });
          assert.deepEqual(aclOf(scratch.at('file')), ['user::rw-', 'group::---', 'other::---']);
        });

        it("gives all others no more than a user whom the ACL denied, with preserve 'permissions'", async () => {
          writeFileSync(scratch.at('file'), 'old', { mode: 0o644 });
          run('setfacl', '-m', 'u:1234:---', scratch.at('file'));
          await save(scratch.at('file'), 'new', { preserve: 'permissions' });
          assert.deepEqual(aclOf(scratch.at('file')), ['user::rw-', 'group::---', 'other::---']);
        });

        it('has no ACL if a mode is asked for', async () => {
          writeFileSync(scratch.at('file'), 'old', { mode: 0o640 });
          run('setfacl', '-m', 'u:4001:rw', scratch.at('file'));
          await save(scratch.at('file'), 'new', { mode: 0o640 });
          assert.deepEqual(aclOf(scratch.at('file')), ['user::rw-', 'group::r--', 'other::---']);
        });

        it('is never given file capabilities', async () => {
          writeFileSync(scratch.at('file'), 'old', { mode: 0o755 });
          const capability = '0sAQAAAgAEAAAAAAAAAAAAAAAAAAA=';
          if (isRoot) run('setfattr', '-n', 'security.capability', '-v', capability, scratch.at('file'));
          run('setfattr', '-n', 'user.colour', '-v', 'blue', scratch.at('file'));
          await save(scratch.at('file'), 'new');
          assert.deepEqual(attributesOf(scratch.at('file')), ['user.colour="blue"']);
        });

        for (const options of [{}, { preserve: 'permissions' }, { mode: 0o640 }] as const) {
          it(`has none of the directory's default ACL with the options ${JSON.stringify(options)}`, async () => {
            mkdirSync(scratch.at('shared'));
            const file = scratch.at('shared', 'file');
            writeFileSync(file, 'old', { mode: 0o640 });
            run('setfacl', '-d', '-m', 'u:4001:rwx,g::rwx,o::rwx', scratch.at('shared'));
            await save(file, 'new', options);
            assert.deepEqual(aclOf(file), ['user::rw-', 'group::r--', 'other::---']);
          });
        }
      });
    }

    it.skipIf(!isRoot)('keeps attributes that only root sees', async () => {
      writeFileSync(scratch.at('file'), 'old');
      run('setfattr', '-n', 'trusted.mark', '-v', 'x', scratch.at('file'));
      run('setfattr', '-n', 'security.mark', '-v', 'y', scratch.at('file'));
      const [form] = forms;
      await form?.save(scratch.at('file'), 'new');
      assert.equal(attributesOf(scratch.at('file')).length, 2);
    });

    it.skipIf(!isRoot)('keeps the attributes of a file that its owner may not write', async () => {
      const file = scratch.at('file');
      writeFileSync(file, 'old');
      run('setfattr', '-n', 'user.tag', '-v', 'x', file);
      run('chown', `${NOBODY}:${NOBODY}`, file);
      run('chmod', '444', file);
      run('chmod', '777', scratch.path);
      const { error } = await saveAs({ uid: NOBODY, gid: NOBODY, groups: [] }, 'save', file, 'new');
      assert.equal(error, undefined);
      assert.deepEqual(attributesOf(file), ['user.tag="x"']);
      assert.equal(statSync(file).mode & 0o7777, 0o444);
    });

    it.skipIf(!isRoot)("loses another group's ACL with the group", async () => {
      const file = scratch.at('file');
      writeFileSync(file, 'old');
      run('setfacl', '-m', 'u:4321:rwx,g::rwx', file);
      run('chown', `${NOBODY}:4321`, file);
      run('chmod', '777', scratch.path);
      const { error } = await saveAs({ uid: NOBODY, gid: NOBODY, groups: [] }, 'save', file, 'new');
      assert.equal(error, undefined);
      assert.deepEqual(attributesOf(file), []);
    });
  });
} else {
  describe.skipIf(missing.length > 0)('a file that is replaced without the addon', () => {
    it('keeps its mode, but no extended attribute', async () => {
      writeFileSync(scratch.at('file'), 'old', { mode: 0o640 });
      run('setfattr', '-n', 'user.colour', '-v', 'blue', scratch.at('file'));
      const [form] = forms;
      await form?.save(scratch.at('file'), 'new');
      assert.equal(statSync(scratch.at('file')).mode & 0o7777, 0o640);
      assert.deepEqual(attributesOf(scratch.at('file')), []);
    });
  });
}
