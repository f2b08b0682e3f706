import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, describe, it } from 'vitest';
import { createSaveStream, openTemporary, saveSync, update, updateSync } from '../../src/index.js';
import { isRoot, MEMORY, NOBODY } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { hasMachineLock, opensTemporaries } from './engine-under-test.js';

/** The locks of all processes, proc_locks(5). */
const LOCKS = '/proc/locks';

/** Whether any process has a lock on the file. */
function isLocked(path: string): boolean {
  const { ino } = statSync(path);
  return readFileSync(LOCKS, 'latin1')
    .split(/\s+/)
    .some((field) => field.endsWith(`:${ino}`));
}

// In memory every temporary has a name, by which the test finds it.
describe.skipIf(!existsSync(LOCKS) || !existsSync(MEMORY))('no lock of another program is refused', () => {
  const scratch = new ScratchDirectory(() => MEMORY);
  const onlyTemporary = () => scratch.at(scratch.temporaries()[0] ?? 'missing');

  it('on a file that a stream has published, because the stream never locks it', async () => {
    const stream = createSaveStream(scratch.at('file'));
    await new Promise((resolve) => stream.write('content', resolve));
    assert.equal(isLocked(onlyTemporary()), false);
    await new Promise((resolve) => stream.end(resolve));
    assert.equal(isLocked(scratch.at('file')), false);
  });

  if (opensTemporaries) {
    it('on a temporary file, before and after its link', async () => {
      const file = await openTemporary(scratch.path);
      assert.equal(isLocked(onlyTemporary()), false);
      await file.link(scratch.at('file'));
      assert.equal(isLocked(scratch.at('file')), false);
    });
  }

  if (hasMachineLock) {
    it('on a file that an update changes, which locks the directory alone', async () => {
      saveSync(scratch.at('file'), 'old');
      await update(scratch.at('file'), () => {
        assert.equal(isLocked(scratch.path), true);
        assert.equal(isLocked(scratch.at('file')), false);
        return 'new';
      });
      assert.equal(isLocked(scratch.path), false);
    });
  }
});

/** What a program does to others that may only read the directory. Its arguments: the path, and an offset. */
const PRELUDE = `
import fcntl, os, signal, struct, sys, time
path, first = sys.argv[1], int(sys.argv[2])
def open_it(flags=os.O_RDONLY):
    return os.open(path, flags)
def lock(descriptor, begin, length, kind=fcntl.F_RDLCK):
    F_OFD_SETLK = 37
    fcntl.fcntl(descriptor, F_OFD_SETLK, struct.pack('hhqqi4x', kind, 0, begin, length, 0))
def say():
    print('ready', flush=True)
`;

const ATTACKS = {
  'takes the first places of the queue again and again': `
one, other = open_it(), open_it()
lock(other, first + 1, 1)
lock(open_it(), first + 2, 1)
lock(one, first, 1)
say()
while True:
    lock(one, first, 1, fcntl.F_UNLCK)
    time.sleep(0.002)
    lock(one, first, 1)
    time.sleep(0.002)
`,
  'locks two tickets at once': `
lock(open_it(), first, 2)
say()
sys.stdin.read()
`,
  'locks all tickets at once': `
lock(open_it(), 0, 0)
say()
sys.stdin.read()
`,
  'locks 4,000 tickets, one by one': `
descriptor = open_it()
for index in range(4000):
    lock(descriptor, first + 2 * index, 1)
say()
sys.stdin.read()
`,
  'locks the last ticket': `
lock(open_it(), first + 2 ** 38 - 1, 1)
say()
sys.stdin.read()
`,
  'locks the directory': `
fcntl.flock(open_it(), fcntl.LOCK_EX)
say()
sys.stdin.read()
`,
};

/** A write lease delays every other open of the file until its holder gives it up. */
const LEASE = `
signal.signal(signal.SIGIO, signal.SIG_IGN)
fcntl.fcntl(open_it(os.O_RDWR), fcntl.F_SETLEASE, fcntl.F_WRLCK)
say()
sys.stdin.read()
`;

describe.skipIf(process.platform !== 'linux')('an update', () => {
  const scratch = new ScratchDirectory();
  const others: ChildProcess[] = [];
  const file = () => scratch.at('file');
  const locked = { code: 'ERR_INDELIBLE_LOCKED', path: file, published: false };
  // An update that never ends shall not keep the test.
  const options = () => ({ timeout: 200, durability: 'none', signal: AbortSignal.timeout(60_000) }) as const;

  afterEach(async () => {
    await Promise.all(others.splice(0).map(stop));
  });

  async function stop(other: ChildProcess): Promise<void> {
    if (other.exitCode !== null || other.signalCode !== null) return;
    other.kill('SIGKILL');
    await once(other, 'exit');
  }

  async function start(script: string, path: string, offset: bigint, as = {}): Promise<ChildProcess> {
    const other = spawn('python3', ['-c', PRELUDE + script, path, `${offset}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
      // A directory of this process's PATH may be closed to another user. Then Bun looks no further.
      env: { ...process.env, PATH: `/usr/bin:/bin:${process.env.PATH}` },
      ...as,
    });
    others.push(other);
    await once(other, 'spawn');
    await Promise.race([
      once(other.stdout, 'data'),
      once(other, 'close').then(([code]) => assert.fail(`the other program ended with status ${code}`)),
    ]);
    return other;
  }

  /** The place of the first ticket of the file in its directory, as the kernel lists it. */
  async function firstTicket(): Promise<bigint> {
    let first = 0n;
    await update(file(), () => {
      const { ino } = statSync(scratch.path);
      const line = readFileSync(LOCKS, 'latin1')
        .split('\n')
        .find((text) => text.includes(`:${ino} `));
      first = BigInt(line?.trim().split(/\s+/).at(-2) ?? 0);
      return undefined;
    });
    assert.ok(first >= 2n ** 62n);
    return first;
  }

  if (hasMachineLock) {
    for (const [attack, script] of Object.entries(ATTACKS)) {
      it(`ends after its timeout while a program that may only read the directory ${attack}`, async () => {
        chmodSync(scratch.path, 0o755);
        const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
        const other = await start(script, scratch.path, await firstTicket(), as);
        const rejects = { ...locked, path: file() };
        // The second one waits behind the first, in this process.
        await Promise.all([
          assert.rejects(
            update(file(), () => 'never', options()),
            rejects,
          ),
          assert.rejects(
            update(file(), () => 'never', options()),
            rejects,
          ),
        ]);
        assert.throws(() => updateSync(file(), () => 'never', options()), rejects);
        await stop(other);
        await update(file(), () => 'new', { durability: 'none' });
        assert.equal(readFileSync(file(), 'utf8'), 'new');
      });
    }

    it('is not kept by 4,000 locks on other parts of the directory', async () => {
      await start(ATTACKS['locks 4,000 tickets, one by one'], scratch.path, 1n << 61n);
      await update(file(), () => 'new', options());
      assert.equal(readFileSync(file(), 'utf8'), 'new');
    });
  }

  it('waits for a lease on the file no longer than its timeout', async () => {
    writeFileSync(file(), 'old');
    const holder = await start(LEASE, file(), 0n);
    const given = { ...options(), lock: hasMachineLock ? 'machine' : 'thread' } as const;
    const rejects = { ...locked, path: file() };
    await assert.rejects(
      update(file(), () => 'never', given),
      rejects,
    );
    assert.throws(() => updateSync(file(), () => 'never', given), rejects);
    const patient = update(file(), (old) => `${old} and new`, {
      ...given,
      timeout: 30_000,
      encoding: 'utf8',
    });
    holder.stdin?.end();
    await patient;
    assert.equal(readFileSync(file(), 'utf8'), 'old and new');
  });

  it('does not keep a save, with keepPrevious or without, from a file that has a lease', async () => {
    writeFileSync(file(), 'old');
    await start(LEASE, file(), 0n);
    saveSync(file(), 'new', { keepPrevious: scratch.at('kept') });
    await start(LEASE, file(), 0n);
    saveSync(file(), 'newer');
    assert.equal(readFileSync(file(), 'utf8'), 'newer');
    assert.ok(existsSync(scratch.at('kept')));
  });
});
