import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { save, saveSync } from '../../src/index.js';
import { ended, startProgram } from '../node-process.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();

for (const form of forms) {
  describe(`${form.name} with ifExists: 'fail'`, () => {
    it('creates a missing file', async () => {
      const saved = await form.save(scratch.at('file'), 'new', { ifExists: 'fail' });
      assert.equal(saved.replaced, false);
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
      assert.deepEqual(scratch.temporaries(), []);
    });

    it('refuses a file', async () => {
      writeFileSync(scratch.at('file'), 'old');
      await assert.rejects(form.save(scratch.at('file'), 'new', { ifExists: 'fail' }), {
        code: 'EEXIST',
        syscall: 'open',
        path: scratch.at('file'),
        published: false,
        message: `EEXIST: file already exists, open '${scratch.at('file')}'`,
      });
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'old');
    });

    it('refuses a directory', async () => {
      mkdirSync(scratch.at('directory'));
      await assert.rejects(form.save(scratch.at('directory'), 'new', { ifExists: 'fail' }), {
        code: 'EEXIST',
        published: false,
      });
    });

    it('refuses a dangling symbolic link, followed or not', async () => {
      symlinkSync('missing', scratch.at('link'));
      for (const followSymlinks of [true, false]) {
        await assert.rejects(form.save(scratch.at('link'), 'new', { ifExists: 'fail', followSymlinks }), {
          code: 'EEXIST',
          published: false,
        });
      }
    });

    it('takes a mode, and refuses the file that it created', async () => {
      await form.save(scratch.at('file'), 'new', { ifExists: 'fail', mode: 0o600 });
      await assert.rejects(form.save(scratch.at('file'), 'newer', { ifExists: 'fail' }), { code: 'EEXIST' });
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
    });
  });
}

describe('many saves with ifExists: fail', () => {
  it('let exactly one of 64 win', async () => {
    const attempts = Array.from({ length: 64 }, (_, index) =>
      save(scratch.at('file'), `from ${index}`, { ifExists: 'fail' }),
    );
    const outcomes = await Promise.allSettled(attempts);
    const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []));
    assert.equal(winners.length, 1);
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), `from ${winners[0]}`);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'EEXIST');
    }
    assert.deepEqual(scratch.temporaries(), []);
  });

  it('let exactly one win through 64 spellings of one path', async () => {
    mkdirSync(scratch.at('sub'));
    const attempts = Array.from({ length: 64 }, (_, index) =>
      save(`${scratch.path}${'/.'.repeat(index)}/sub/../file`, `from ${index}`, { ifExists: 'fail' }),
    );
    const outcomes = await Promise.allSettled(attempts);
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.deepEqual(scratch.temporaries(), []);
  });

  it('let exactly one process create each of many files', async () => {
    const processes = ['a', 'b', 'c', 'd'].map((letter) =>
      ended(startProgram('save-exclusively.mjs', [scratch.path, letter, '50'])),
    );
    const won = (await Promise.all(processes)).map(({ code, stdout, stderr }) => {
      assert.equal(code, 0, stderr);
      const names: string[] = JSON.parse(stdout);
      return names;
    });
    const names = won.flat();
    assert.equal(names.length, 50);
    assert.equal(new Set(names).size, 50);
    won.forEach((files, index) => {
      for (const file of files) assert.equal(readFileSync(scratch.at(file), 'utf8'), 'abcd'.charAt(index));
    });
    assert.deepEqual(scratch.temporaries(), []);
  });

  it('let a pending save win over a later saveSync', async () => {
    const earlier = save(scratch.at('file'), 'earlier', { ifExists: 'fail' });
    assert.throws(() => saveSync(scratch.at('file'), 'later', { ifExists: 'fail' }), { code: 'EEXIST' });
    await earlier;
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'earlier');
  });
});
