import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { sweep, update, updateSync } from '../../src/index.js';
import { isRoot, MEMORY, NOBODY } from '../machine.js';
import { ended, startProgram } from '../node-process.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { callAs } from './call-as.js';
import { hasMachineLock } from './engine-under-test.js';

const scratch = new ScratchDirectory();
const file = () => scratch.at('file');
const LOCK_FILE = '.indelible-lock';
const lockFile = () => scratch.at(LOCK_FILE);
const EVERYWHERE = { lock: 'everywhere', encoding: 'utf8' } as const;

/** Locks all of a file until its input ends, as an update on another machine does, and prints when it has. */
const HOLDER = `
import fcntl, os, struct, sys
file = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
F_OFD_SETLK = 37
fcntl.fcntl(file, F_OFD_SETLK, struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 0, 0, 0))
print('holding', flush=True)
sys.stdin.read()
`;

async function hold(path: string): Promise<ChildProcessWithoutNullStreams> {
  const child = spawn('python3', ['-c', HOLDER, path]);
  child.stderr.pipe(process.stderr);
  await once(child.stdout, 'data');
  return child;
}

/** The paths of the files that this process has open. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      // The descriptor of the listing is closed by now.
      return [];
    }
  });
}

if (!hasMachineLock) {
  describe("an update with lock: 'everywhere'", () => {
    it('is unsupported where the engine has no locks', async () => {
      writeFileSync(file(), 'old');
      const refusal = { code: 'ERR_INDELIBLE_UNSUPPORTED', path: file(), published: false };
      const change = () => assert.fail('changed');
      await assert.rejects(update(file(), change, EVERYWHERE), refusal);
      assert.throws(() => updateSync(file(), change, EVERYWHERE), refusal);
      assert.deepEqual(readdirSync(scratch.path), ['file']);
    });
  });
} else {
  describe("an update with lock: 'everywhere'", () => {
    for (const [where, parent] of [
      ['on a disk', () => scratch.path],
      ['in memory', () => MEMORY],
    ] as const) {
      it(`loses none of the increments of several processes, ${where}`, async () => {
        const directory = mkdtempSync(join(parent(), 'indelible-test-'));
        try {
          const path = join(directory, 'counter');
          const options = JSON.stringify({ ...EVERYWHERE, durability: 'none' });
          const count = () => ended(startProgram('update-counter.mjs', [path, '60', '5', options]));
          for (const { code, stderr } of await Promise.all(Array.from({ length: 4 }, count)))
            assert.deepEqual([code, stderr], [0, '']);
          assert.equal(readFileSync(path, 'utf8'), '240');
          assert.deepEqual(readdirSync(directory).sort(), [LOCK_FILE, 'counter']);
          assert.equal(statSync(join(directory, LOCK_FILE)).size, 0);
        } finally {
          rmSync(directory, { recursive: true });
        }
      });
    }

    it("waits for a lock that another machine has, which lock: 'machine' does not", async () => {
      const other = await hold(lockFile());
      const locked = { code: 'ERR_INDELIBLE_LOCKED', path: file() };
      const never = () => assert.fail('changed');
      await assert.rejects(update(file(), never, { ...EVERYWHERE, timeout: 50 }), locked);
      assert.throws(() => updateSync(file(), never, { ...EVERYWHERE, timeout: 50 }), locked);
      await update(file(), () => 'first ', { lock: 'machine' });
      const waiting = update(file(), (content) => `${content}second`, EVERYWHERE);
      other.kill('SIGKILL');
      await waiting;
      assert.equal(readFileSync(file(), 'utf8'), 'first second');
      await ended(other);
    });

    it('waits for the lock of the file that now has the name of its lock file', async () => {
      const first = await hold(lockFile());
      let changed = false;
      const change = () => {
        changed = true;
        return 'new';
      };
      const waiting = update(file(), change, { ...EVERYWHERE, timeout: Number.POSITIVE_INFINITY });
      // Only the waiting update has the lock file open in this process.
      while (!openFiles().includes(realpathSync(lockFile()))) await pause(5);
      const second = await hold(scratch.at('other'));
      renameSync(scratch.at('other'), lockFile());
      await ended(first);
      await pause(100);
      assert.equal(changed, false);
      await ended(second);
      await waiting;
      assert.equal(readFileSync(file(), 'utf8'), 'new');
    });

    it('leaves a lock file that sweep keeps', async () => {
      await update(file(), () => 'new', EVERYWHERE);
      assert.deepEqual(await sweep(scratch.path), []);
      assert.ok(existsSync(lockFile()));
    });
  });

  describe('the lock file of an update', () => {
    /** A new directory, and the mode that its lock file gets. */
    const modes: [directory: number, lockFile: number][] = [
      [0o700, 0o600],
      [0o755, 0o600],
      [0o775, 0o660],
      [0o2775, 0o660],
      [0o1777, 0o666],
    ];
    for (const umask of [0o077, 0o022]) {
      it(`may be locked by those who may write the directory, with umask ${umask.toString(8)}`, async () => {
        const made = await Promise.all(
          modes.map(async ([mode], index) => {
            const directory = scratch.at(`${index}`);
            mkdirSync(directory);
            chmodSync(directory, mode);
            const path = join(directory, 'file');
            const { error } = await callAs({ umask }, 'update', path, 'new', EVERYWHERE);
            assert.equal(error, undefined);
            return [mode, statSync(join(directory, LOCK_FILE)).mode & 0o7777];
          }),
        );
        assert.deepEqual(made, modes);
      });
    }

    it.skipIf(!isRoot)('has the rights of the group only if it belongs to it', async () => {
      const shown: unknown[] = [];
      for (const groups of [[], [5000]]) {
        const directory = mkdtempSync(join(MEMORY, 'indelible-test-'));
        try {
          chownSync(directory, 4001, 5000);
          chmodSync(directory, 0o775);
          const as = { uid: 4001, gid: 4001, groups };
          const { error } = await callAs(as, 'update', join(directory, 'file'), 'new', EVERYWHERE);
          assert.equal(error, undefined);
          const { gid, mode } = statSync(join(directory, LOCK_FILE));
          shown.push([gid, mode & 0o7777]);
        } finally {
          rmSync(directory, { recursive: true });
        }
      }
      assert.deepEqual(shown, [
        [4001, 0o600],
        [5000, 0o660],
      ]);
    });

    it.skipIf(!isRoot)('gives others nothing in the sticky directory of another user', async () => {
      const directory = mkdtempSync(join(MEMORY, 'indelible-test-'));
      try {
        chmodSync(directory, 0o1777);
        const as = { uid: 4001, gid: 4001, groups: [] };
        const { error } = await callAs(as, 'update', join(directory, 'file'), 'new', EVERYWHERE);
        assert.equal(error, undefined);
        assert.equal(statSync(join(directory, LOCK_FILE)).mode & 0o7777, 0o600);
      } finally {
        rmSync(directory, { recursive: true });
      }
    });

    for (const list of ['u:4002:rwx', 'd:u:4002:rwx']) {
      it(`gives the group nothing in a directory with the access list ${list}`, async () => {
        chmodSync(scratch.path, 0o770);
        execFileSync('setfacl', ['-m', list, scratch.path]);
        await update(file(), () => 'new', EVERYWHERE);
        assert.equal(statSync(lockFile()).mode & 0o7777, 0o600);
      });
    }

    /** What another user may have put under the name of the lock file. */
    const obstacles: { name: string; code: string; make: () => void }[] = [
      { name: 'a link to a file', code: 'ELOOP', make: () => symlinkSync(scratch.at('victim'), lockFile()) },
      { name: 'a dangling link', code: 'ELOOP', make: () => symlinkSync('nothing', lockFile()) },
      { name: 'a FIFO', code: 'EACCES', make: () => void execFileSync('mkfifo', [lockFile()]) },
      { name: 'a directory', code: 'EISDIR', make: () => mkdirSync(lockFile()) },
      {
        name: "a second name of this user's file",
        code: 'EACCES',
        make: () => linkSync(scratch.at('victim'), lockFile()),
      },
    ];
    if (isRoot) {
      const make = () => {
        closeSync(openSync(lockFile(), 'w', 0o666));
        chownSync(lockFile(), NOBODY, NOBODY);
      };
      obstacles.push({ name: "another user's file", code: 'EACCES', make });
    }
    it('may have the second name of a moment, from its creation, in a sticky directory', async () => {
      chmodSync(scratch.path, 0o1777);
      await update(file(), () => 'made', EVERYWHERE);
      linkSync(lockFile(), scratch.at('temporary'));
      const updating = update(file(), () => 'new', EVERYWHERE);
      await pause(100);
      rmSync(scratch.at('temporary'));
      await updating;
      assert.equal(readFileSync(file(), 'utf8'), 'new');
    });

    for (const { name, code, make } of obstacles) {
      it(`is refused if it is ${name} in a sticky directory`, async () => {
        writeFileSync(file(), 'old');
        writeFileSync(scratch.at('victim'), 'secret');
        chmodSync(scratch.path, 0o1777);
        make();
        const before = readdirSync(scratch.path);
        const refusal = { code, path: lockFile(), published: false, message: /the lock file must be/ };
        const never = () => assert.fail('changed');
        await assert.rejects(update(file(), never, EVERYWHERE), refusal);
        assert.throws(() => updateSync(file(), never, EVERYWHERE), refusal);
        assert.deepEqual(readdirSync(scratch.path), before);
        assert.equal(readFileSync(scratch.at('victim'), 'utf8'), 'secret');
        await update(file(), () => 'new', { lock: 'machine', timeout: 0 });
        assert.equal(readFileSync(file(), 'utf8'), 'new');
      });
    }
  });
}
