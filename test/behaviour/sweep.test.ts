import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, it } from 'vitest';
import { createSaveStream, sweep, sweepSync } from '../../src/index.js';
import { isRoot, MEMORY, NOBODY } from '../machine.js';
import { startProgram } from '../node-process.js';
import { assertWhole } from '../programs/version.mjs';
import { ScratchDirectory } from '../scratch-directory.js';
import { engineUnderTest } from './engine-under-test.js';
import { dead, elsewhere, hidden, nameOf } from './leftover-names.js';

// Only Linux tells whether another process lives. In memory every temporary has a name.
const missing = existsSync(MEMORY) ? undefined : `needs Linux and ${MEMORY}`;
if (missing !== undefined) process.stderr.write(`sweep.test.ts is skipped: ${missing}\n`);

const PACKAGE = fileURLToPath(new URL('../../dist/index.js', import.meta.url));

/** Holds a write lease on a file, which delays every other open of it. */
const LEASE_SCRIPT = `
import fcntl, os, signal, sys
signal.signal(signal.SIGIO, signal.SIG_IGN)
file = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print('leased', flush=True)
sys.stdin.read()
`;

const forms = [
  { name: 'sweep', sweep },
  { name: 'sweepSync', sweep: async (directory: string) => sweepSync(directory) },
];

describe.skipIf(missing !== undefined)('sweep', () => {
  const scratch = new ScratchDirectory(() => MEMORY);
  const children: ReturnType<typeof startProgram>[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'close');
    }
  });

  async function startSaving(): Promise<ReturnType<typeof startProgram>> {
    const child = startProgram('save-endlessly.mjs', [scratch.path]);
    children.push(child);
    await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
    return child;
  }

  /** Stops a process while it has temporaries in the directory. */
  async function stopAmidSaves(child: ReturnType<typeof startProgram>): Promise<void> {
    for (;;) {
      child.kill('SIGSTOP');
      while (!/^State:\tT/m.test(readFileSync(`/proc/${child.pid}/status`, 'latin1'))) await pause(1);
      if (scratch.temporaries().length > 0) return;
      child.kill('SIGCONT');
      await pause(1);
    }
  }

  for (const form of forms) {
    describe(form.name, () => {
      it('removes nothing of a running writer', async () => {
        const child = await startSaving();
        let stderr = '';
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          stderr += text;
        });
        for (let round = 0; round < 200; round += 1) {
          await form.sweep(scratch.path);
          await pause(1);
        }
        // A save whose temporary is gone rejects, and ends the program.
        assert.deepEqual([child.exitCode, stderr], [null, '']);
      });

      it('removes what a killed writer has left, and returns the names', async () => {
        const child = await startSaving();
        await stopAmidSaves(child);
        child.kill('SIGKILL');
        await once(child, 'close');
        const left = scratch.temporaries();
        assert.deepEqual(await form.sweep(scratch.path), left.sort());
        assert.deepEqual(scratch.temporaries(), []);
        for (const name of readdirSync(scratch.path)) assertWhole(readFileSync(join(scratch.path, name)));
      });

      it('returns no names for a directory without temporaries', async () => {
        writeFileSync(scratch.at('file'), '');
        assert.deepEqual(await form.sweep(scratch.path), []);
      });

      it('rejects where the directory cannot be read', async () => {
        await assert.rejects(form.sweep(scratch.at('missing')), { code: 'ENOENT', syscall: 'scandir' });
        writeFileSync(scratch.at('file'), '');
        await assert.rejects(form.sweep(scratch.at('file')), { code: 'ENOTDIR' });
      });
    });
  }

  it('leaves alone files that no save has made', async () => {
    const name = nameOf('l', dead());
    writeFileSync(scratch.at('.indelible-notes'), '');
    writeFileSync(scratch.at('.indelible-abcdefghij234567'), '');
    for (const like of [`${name}.txt`, `x${name}`, name.toUpperCase(), name.slice(0, -1)]) {
      writeFileSync(scratch.at(like), '');
    }
    for (const kind of ['w', 'l', 'p'] as const) {
      mkdirSync(scratch.at(nameOf(kind, dead())));
      execFileSync('mkfifo', [scratch.at(nameOf(kind, dead())), scratch.at(nameOf(kind, hidden()))]);
    }
    symlinkSync('/etc', scratch.at(nameOf('w', hidden())));
    const before = readdirSync(scratch.path);
    assert.deepEqual(await sweep(scratch.path), []);
    assert.deepEqual(readdirSync(scratch.path), before);
  });

  it('removes the temporary link of a dead writer, and not its target', async () => {
    const link = nameOf('l', dead());
    writeFileSync(scratch.at('target'), '');
    symlinkSync('target', scratch.at(link));
    assert.deepEqual(await sweep(scratch.path), [link]);
    assert.deepEqual(readdirSync(scratch.path), ['target']);
  });

  it('distinguishes a temporary of this process from one of an earlier process with its number', async () => {
    for (const kind of ['w', 'l', 'p'] as const) {
      const [mine, earlier] = [nameOf(kind), nameOf(kind, dead())];
      writeFileSync(scratch.at(mine), '');
      writeFileSync(scratch.at(earlier), '');
      assert.deepEqual(await sweep(scratch.path), [earlier]);
      assert.ok(existsSync(scratch.at(mine)));
    }
  });

  it('leaves alone a temporary whose process cannot be seen', async () => {
    const unknown = { processId: 0, startTime: 0, boot: '00000000', namespaces: '00000000' };
    const names = [nameOf('p', elsewhere()), nameOf('p', hidden()), nameOf('l', hidden())];
    names.push(nameOf('p', unknown), nameOf('l', unknown), nameOf('l', { processId: 0 }));
    for (const name of names) writeFileSync(scratch.at(name), '');
    assert.deepEqual(await sweep(scratch.path), []);
    assert.deepEqual(scratch.temporaries().sort(), names.sort());
  });

  it('removes what an earlier boot has left where no other machine writes', async () => {
    const names = [nameOf('w', elsewhere()), nameOf('l', elsewhere())];
    for (const name of names) writeFileSync(scratch.at(name), '');
    assert.deepEqual(await sweep(scratch.path), names.sort());
  });

  it('leaves alone a temporary that a process of another container has open for writing', async () => {
    const name = nameOf('w', hidden());
    const writer = openSync(scratch.at(name), 'wx');
    const reader = openSync(scratch.at(name), 'r');
    assert.deepEqual(await sweep(scratch.path), []);
    closeSync(writer);
    // Only the native engine can see whether a file is open.
    assert.deepEqual(await sweep(scratch.path), engineUnderTest === 'native' ? [name] : []);
    closeSync(reader);
  });

  it('removes the other temporaries if one is held by a lease', async () => {
    const names = [nameOf('w', hidden()), nameOf('w', hidden())].sort();
    for (const name of names) writeFileSync(scratch.at(name), '');
    const holder = spawn('python3', ['-c', LEASE_SCRIPT, scratch.at(names[0] ?? '')], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    try {
      assert.deepEqual(await sweep(scratch.path), engineUnderTest === 'native' ? names.slice(1) : []);
    } finally {
      holder.stdin.end();
      await once(holder, 'close');
    }
  });

  it.skipIf(!isRoot)(
    "leaves alone another user's file in a sticky directory that others may write",
    async () => {
      const planted = nameOf('p', dead());
      const own = nameOf('p', dead());
      for (const name of [planted, own]) writeFileSync(scratch.at(name), '');
      chownSync(scratch.at(planted), NOBODY, NOBODY);
      chmodSync(scratch.path, 0o1777);
      assert.deepEqual(await sweep(scratch.path), [own]);
      // Here whoever could plant it could also remove it.
      chmodSync(scratch.path, 0o777);
      assert.deepEqual(await sweep(scratch.path), [planted]);
    },
  );

  for (const { name, args } of [
    { name: 'pid', args: ['--pid', '--fork', '--kill-child', '--mount-proc'] },
    { name: 'time', args: ['--time', '--boottime', '100000', '--fork', '--kill-child'] },
  ]) {
    describe.skipIf(!isRoot)(`from another ${name} namespace`, () => {
      async function sweepThere(): Promise<string[]> {
        const there = `import(${JSON.stringify(PACKAGE)}).then(({ sweep }) => sweep(process.argv[1]))`;
        const script = `${there}.then((names) => console.log(JSON.stringify(names)))`;
        const { stdout } = await promisify(execFile)('unshare', [
          ...args,
          ...[process.execPath, '-e', script, scratch.path],
        ]);
        return JSON.parse(stdout);
      }

      it('removes nothing of a writer that runs', async () => {
        const stream = createSaveStream(scratch.at('file'));
        await new Promise((resolve) => stream.write('half', resolve));
        symlinkSync('x', scratch.at(nameOf('l')));
        const before = scratch.temporaries().length;
        assert.equal(before, 2);
        assert.deepEqual(await sweepThere(), []);
        stream.end(' and half');
        await finished(stream);
        assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'half and half');
      });

      it('removes what a killed writer has left', async () => {
        const child = startProgram('stream-and-hold.mjs', [scratch.at('file')]);
        children.push(child);
        await once(child.stdout, 'data');
        const left = scratch.temporaries();
        assert.equal(left.length, 1);
        assert.deepEqual(await sweepThere(), []);
        child.kill('SIGKILL');
        await once(child, 'close');
        assert.deepEqual(await sweepThere(), engineUnderTest === 'native' ? left : []);
      });
    });
  }
});
