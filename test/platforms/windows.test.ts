import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, it } from 'vitest';
import { fdatasync, renameat2 } from '../../src/api/primitives.js';
import { exchange, exchangeSync, inspect, replaceDirectory, save, sweep } from '../../src/index.js';
import { engineUnderTest } from '../behaviour/engine-under-test.js';
import { forms } from '../behaviour/forms.js';
import { startProgram } from '../node-process.js';
import { assertWhole } from '../programs/version.mjs';
import { ScratchDirectory } from '../scratch-directory.js';

// Behaviour that only Windows has. These tests are part of the suite only on Windows.

const scratch = new ScratchDirectory();
const children: ReturnType<typeof startProgram>[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'close');
  }
});

for (const form of forms) {
  describe(`${form.name} on Windows`, () => {
    it('reports no more durability than the engine can achieve', async () => {
      const saved = await form.save(scratch.at('file'), 'new');
      assert.equal(saved.durability, engineUnderTest === 'native' ? 'durable' : 'ordered');
      assert.equal(saved.protocol, 'sync-rename-sync');
      assert.equal((await inspect(scratch.path)).protocol.durable.achieves, saved.durability);
    });

    it('accepts paths far longer than MAX_PATH', async () => {
      let path = scratch.path;
      for (let depth = 0; depth < 12; depth += 1) {
        path = join(path, 'd'.repeat(100));
        mkdirSync(path);
      }
      await form.save(join(path, 'file'), 'new');
      await form.save(join(path, 'file'), 'newer');
      assert.equal(readFileSync(join(path, 'file'), 'utf8'), 'newer');
      assert.deepEqual(readdirSync(path), ['file']);
    });

    it('accepts names in any script, and slashes of both kinds', async () => {
      mkdirSync(scratch.at('Ordner ünï'));
      await form.save(`${scratch.path}/Ordner ünï\\文書 😀.txt`, 'new');
      assert.deepEqual(readdirSync(scratch.at('Ordner ünï')), ['文書 😀.txt']);
    });

    it('treats names that differ only in case as the same', async () => {
      await form.save(scratch.at('File'), 'old');
      const saved = await form.save(scratch.at('FILE'), 'new');
      assert.equal(saved.replaced, true);
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
      assert.equal(readdirSync(scratch.path).length, 1);
    });

    it('replaces a read-only file and leaves it read-only', async () => {
      writeFileSync(scratch.at('file'), 'old');
      chmodSync(scratch.at('file'), 0o444);
      await form.save(scratch.at('file'), 'new');
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
      assert.equal(statSync(scratch.at('file')).mode & 0o777, 0o444);
      chmodSync(scratch.at('file'), 0o666);
    });

    it('makes a read-only file only if it does not exist', async () => {
      for (const options of [{ mode: 0o444 }, { createMode: 0o444 }]) {
        await form.save(scratch.at('file'), 'new', { ...options, ifExists: 'fail' });
        assert.equal(statSync(scratch.at('file')).mode & 0o777, 0o444);
        assert.deepEqual(readdirSync(scratch.path), ['file']);
        chmodSync(scratch.at('file'), 0o666);
        unlinkSync(scratch.at('file'));
      }
    });

    it('names the path with backslashes in an error', async () => {
      writeFileSync(scratch.at('file'), 'old');
      await assert.rejects(form.save(scratch.at('file', 'below'), 'new'), (error: NodeJS.ErrnoException) => {
        assert.equal(error.path, scratch.at('file', 'below'));
        assert.ok((error.errno ?? 0) < -4000);
        return error.code === 'ENOTDIR' || error.code === 'ENOENT';
      });
    });
  });
}

describe('concurrent saves to one path on Windows', () => {
  it('keep the file read-only if the save before made it so', async () => {
    await Promise.all([save(scratch.at('file'), '1', { mode: 0o444 }), save(scratch.at('file'), '2')]);
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), '2');
    assert.equal(statSync(scratch.at('file')).mode & 0o777, 0o444);
    chmodSync(scratch.at('file'), 0o666);
  });
});

describe('a file that another program has open', () => {
  it('is replaced immediately, or when the other program closes it', async () => {
    writeFileSync(scratch.at('file'), 'old');
    const descriptor = openSync(scratch.at('file'), 'r');
    const saving = save(scratch.at('file'), 'new');
    await pause(50);
    closeSync(descriptor);
    await saving;
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
    assert.deepEqual(readdirSync(scratch.path), ['file']);
  });

  it('is replaced immediately, or not at all and with nothing left, while it stays open', async () => {
    writeFileSync(scratch.at('file'), 'old');
    const descriptor = openSync(scratch.at('file'), 'r');
    try {
      const [outcome] = await Promise.allSettled([save(scratch.at('file'), 'new')]);
      const content = readFileSync(scratch.at('file'), 'utf8');
      if (outcome.status === 'fulfilled') {
        assert.equal(content, 'new');
      } else {
        const { code, syscall, dest, published } = outcome.reason;
        assert.deepEqual(
          { code, syscall, dest, published },
          { code: 'EPERM', syscall: 'rename', dest: scratch.at('file'), published: false },
        );
        assert.equal(content, 'old');
      }
      assert.deepEqual(readdirSync(scratch.path), ['file']);
    } finally {
      closeSync(descriptor);
    }
  });

  it('is whole whenever it can be read, while saves replace it', async () => {
    const child = startProgram('save-endlessly.mjs', [scratch.path]);
    children.push(child);
    await once(child.stdout, 'data');
    let last = 0;
    for (let round = 0; round < 100; round += 1) {
      try {
        const version = assertWhole(readFileSync(scratch.at('one')));
        assert.ok(version >= last);
        last = version;
      } catch (error) {
        // The file is being replaced, by a rename that excludes readers for a moment.
        if (!(error instanceof Error && 'code' in error && /^E(PERM|BUSY|ACCES)$/.test(String(error.code))))
          throw error;
      }
      await pause(5);
    }
  });
});

describe('sweep on Windows', () => {
  it('removes the files that a killed writer left, and no file of a running writer', async () => {
    const child = startProgram('save-endlessly.mjs', [scratch.path]);
    children.push(child);
    await once(child.stdout, 'data');
    for (let round = 0; round < 50; round += 1) await sweep(scratch.path);
    assert.equal(child.exitCode, null);
    child.kill('SIGKILL');
    await once(child, 'close');
    const left = scratch.temporaries().sort();
    assert.deepEqual(await sweep(scratch.path), left);
    assert.deepEqual(scratch.temporaries(), []);
  });

  it('leaves the temporary of a save that waits for another program to close the file', async () => {
    writeFileSync(scratch.at('file'), 'old');
    const descriptor = openSync(scratch.at('file'), 'r');
    const saving = save(scratch.at('file'), 'new');
    for (let round = 0; round < 20; round += 1) {
      assert.deepEqual(await sweep(scratch.path), []);
      await pause(10);
    }
    closeSync(descriptor);
    await saving;
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
  });
});

describe('exchange on Windows', () => {
  it('is refused, and changes nothing', async () => {
    writeFileSync(scratch.at('a'), '1');
    writeFileSync(scratch.at('b'), '2');
    const refusal = { code: 'ERR_INDELIBLE_UNSUPPORTED', syscall: 'rename', published: false };
    await assert.rejects(exchange(scratch.at('a'), scratch.at('b')), refusal);
    assert.throws(() => exchangeSync(scratch.at('a'), scratch.at('b')), refusal);
    assert.deepEqual(
      [readFileSync(scratch.at('a'), 'utf8'), readFileSync(scratch.at('b'), 'utf8')],
      ['1', '2'],
    );
  });
});

describe('indelible/primitives on Windows', () => {
  it('sync a file descriptor of Node', async () => {
    const descriptor = openSync(scratch.at('file'), 'w');
    await fdatasync(descriptor);
    closeSync(descriptor);
  });

  it('fail with ENOSYS for calls that Windows does not have', async () => {
    await assert.rejects(renameat2(scratch.at('a'), scratch.at('b')), {
      code: 'ENOSYS',
      syscall: 'renameat2',
    });
  });
});

if (engineUnderTest === 'portable') {
  // FlushFileBuffers needs write access, which plain `fs` cannot get for a read-only file.
  describe('a read-only file on Windows, which plain fs cannot sync', () => {
    it('makes a staged tree less than durable, and is refused with strict', async () => {
      const [staged, site] = [scratch.at('staged'), scratch.at('site')];
      mkdirSync(staged);
      writeFileSync(join(staged, 'file'), 'new');
      chmodSync(join(staged, 'file'), 0o444);
      await assert.rejects(replaceDirectory(staged, site, { durability: 'ordered', strict: true }), {
        code: 'ERR_INDELIBLE_NOT_DURABLE',
        published: false,
      });
      const { durability } = await replaceDirectory(staged, site);
      assert.equal(durability, 'none');
      assert.equal(readFileSync(join(site, 'file'), 'utf8'), 'new');
    });
  });
}
