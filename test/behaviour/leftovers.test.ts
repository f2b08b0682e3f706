import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  lchownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { finished } from 'node:stream/promises';
import { setTimeout as pause, setImmediate } from 'node:timers/promises';
import { afterEach, describe, it } from 'vitest';
import { shared } from '../../src/base/shared-state.js';
import {
  createSaveStream,
  openTemporary,
  openTemporarySync,
  type SaveOptions,
  Saver,
  save,
  saveAll,
  saveAllSync,
  saveSync,
  update,
  updateSync,
} from '../../src/index.js';
import { isRoot, MEMORY, NOBODY } from '../machine.js';
import { ended, startProgram } from '../node-process.js';
import { assertWhole } from '../programs/version.mjs';
import { ScratchDirectory } from '../scratch-directory.js';
import { engineUnderTest, opensTemporaries } from './engine-under-test.js';
import { dead, hidden, nameOf } from './leftover-names.js';

// Only Linux tells whether another process lives. In memory every temporary has a name.
const missing = process.platform === 'linux' && existsSync(MEMORY) ? undefined : `needs Linux and ${MEMORY}`;
if (missing !== undefined) process.stderr.write(`leftovers.test.ts is skipped: ${missing}\n`);

const change = (): string => 'content';

/** Every call that looks. */
const calls: Record<string, (path: string, options: Omit<SaveOptions, 'encoding'>) => unknown> = {
  save: (path, options) => save(path, 'content', options),
  'save of chunks': (path, options) => save(path, ['con', 'tent'], options),
  saveSync: (path, options) => saveSync(path, 'content', options),
  'saveSync of chunks': (path, options) => saveSync(path, ['con', 'tent'], options),
  Saver: (path, options) => new Saver(path, options).save('content'),
  createSaveStream: (path, options) => finished(createSaveStream(path, options).end('content')),
  update: (path, options) => update(path, change, { lock: 'thread', ...options }),
  updateSync: (path, options) => updateSync(path, change, { lock: 'thread', ...options }),
  ...(opensTemporaries && {
    'TemporaryFile.replace': async (path, options) =>
      (await openTemporary(scratch.path, options)).replace(path),
    'TemporaryFile.linkSync': (path, options) => openTemporarySync(scratch.path, options).linkSync(path),
  }),
};

const scratch = new ScratchDirectory(() => MEMORY);
const file = (): string => scratch.at('file');

/** What a dead process of this user has left. */
function leave(directory = scratch.path): string {
  const name = nameOf('l', dead());
  writeFileSync(`${directory}/${name}`, 'half');
  return name;
}

/** Waits until nothing is being looked for. */
async function looked(): Promise<void> {
  await setImmediate();
  while (!shared.lookSlot.isIdle) await pause(1);
}

describe.skipIf(missing !== undefined)('the first save to a directory', () => {
  const { INDELIBLE_SWEEP } = process.env;
  afterEach(() => {
    if (INDELIBLE_SWEEP === undefined) delete process.env.INDELIBLE_SWEEP;
    else process.env.INDELIBLE_SWEEP = INDELIBLE_SWEEP;
  });

  for (const [name, call] of Object.entries(calls)) {
    it(`by ${name} removes what a dead program has left there, unless the option says no`, async () => {
      const left = leave();
      await call(scratch.at('first'), { sweep: false });
      await looked();
      assert.deepEqual(scratch.temporaries(), [left]);
      await call(file(), {});
      await looked();
      assert.deepEqual(scratch.temporaries(), []);
    });
  }

  for (const [name, all] of [
    ['saveAll', saveAll],
    ['saveAllSync', async (...args: Parameters<typeof saveAllSync>) => saveAllSync(...args)],
  ] as const) {
    it(`by ${name} removes nothing, and does not count`, async () => {
      const left = leave();
      await all([{ path: file(), data: 'content' }]);
      await looked();
      assert.deepEqual(scratch.temporaries(), [left]);
      await save(file(), 'content');
      await looked();
      assert.deepEqual(scratch.temporaries(), []);
    });
  }

  it('removes nothing before it has succeeded', async () => {
    const left = leave();
    mkdirSync(scratch.at('directory'));
    await assert.rejects(save(scratch.at('directory'), 'content'), { code: 'EISDIR' });
    assert.throws(() => saveSync(scratch.at('missing', 'file'), 'content'), { code: 'ENOENT' });
    await looked();
    assert.deepEqual(scratch.temporaries(), [left]);
  });

  it('looks there once', async () => {
    await save(file(), 'content');
    await looked();
    const left = leave();
    await save(file(), 'content');
    await save(scratch.at('other'), 'content');
    await save(Buffer.from(scratch.at('another')), 'content');
    await looked();
    assert.deepEqual(scratch.temporaries(), [left]);
  });

  it('looks where a link in the path leads', async () => {
    mkdirSync(scratch.at('linked'));
    symlinkSync('linked/file', file());
    leave(scratch.at('linked'));
    await save(file(), 'content');
    await looked();
    assert.deepEqual(readdirSync(scratch.at('linked')), ['file']);
  });

  it('removes nothing with INDELIBLE_SWEEP=off, and rejects with another value', async () => {
    const left = leave();
    process.env.INDELIBLE_SWEEP = 'off';
    await save(scratch.at('first'), 'content');
    await looked();
    assert.deepEqual(scratch.temporaries(), [left]);
    process.env.INDELIBLE_SWEEP = 'no';
    const wrong = {
      code: 'ERR_INVALID_ARG_VALUE',
      message: "The INDELIBLE_SWEEP environment variable must be 'off'. Received 'no'",
    };
    await assert.rejects(save(file(), 'content'), wrong);
    assert.throws(() => saveSync(file(), 'content'), wrong);
    assert.ok(!existsSync(file()));
    process.env.INDELIBLE_SWEEP = '';
    await save(file(), 'content');
    await looked();
    assert.deepEqual(scratch.temporaries(), []);
  });

  it('leaves alone what a running program writes, what cannot be known, and what no save has made', async () => {
    const stream = createSaveStream(scratch.at('stream'), { sweep: false });
    await new Promise((resolve) => stream.write('half', resolve));
    for (const name of [nameOf('l'), nameOf('l', hidden()), 'file', '.indelible-notes']) {
      writeFileSync(scratch.at(name), '');
    }
    mkdirSync(scratch.at(nameOf('l', dead())));
    execFileSync('mkfifo', [scratch.at(nameOf('l', dead()))]);
    const tree = `.indelible-tree-${nameOf('l').slice(-16)}`;
    mkdirSync(scratch.at(tree, tree), { recursive: true, mode: 0o700 });
    const before = readdirSync(scratch.path).sort();
    saveSync(file(), 'content');
    await looked();
    assert.deepEqual(readdirSync(scratch.path).sort(), before);
    stream.end(' and half');
    await finished(stream);
    assert.equal(readFileSync(scratch.at('stream'), 'utf8'), 'half and half');
  });

  it.skipIf(!isRoot)("leaves alone another user's files and names of them, also as root", async () => {
    const [planted, linked, link] = [leave(), nameOf('l', dead()), nameOf('l', dead())];
    chownSync(scratch.at(planted), NOBODY, NOBODY);
    linkSync(scratch.at(planted), scratch.at(linked));
    symlinkSync('/etc', scratch.at(link));
    lchownSync(scratch.at(link), NOBODY, NOBODY);
    await save(file(), 'content');
    await looked();
    assert.deepEqual(scratch.temporaries().sort(), [planted, linked, link].sort());
  });

  it('reads no more than the beginning of a large directory', async () => {
    // A directory in memory is listed in the order in which it was filled, or in reverse.
    const left = [leave()];
    for (let made = 0; made < 1500; made += 1) writeFileSync(scratch.at(`${made}`), '');
    left.push(leave());
    await save(file(), 'content');
    await looked();
    const [kept, ...others] = scratch.temporaries();
    assert.ok(kept !== undefined && left.includes(kept));
    assert.deepEqual(others, []);
  });

  it('succeeds if the look fails', async () => {
    const errors: unknown[] = [];
    const collect = (error: unknown): void => {
      errors.push(error);
    };
    process.on('unhandledRejection', collect);
    const left = leave();
    saveSync(file(), 'content');
    rmSync(file());
    mkdirSync(file());
    await looked();
    await pause(1);
    process.off('unhandledRejection', collect);
    assert.deepEqual([errors, scratch.temporaries()], [[], [left]]);
  });

  it('lets a program end when it has looked', async () => {
    leave();
    assert.deepEqual(await ended(startProgram('save-once.mjs', [file()])), {
      ...{ code: 0, signal: null, stdout: '', stderr: '' },
    });
    assert.deepEqual(readdirSync(scratch.path), ['file']);
  });

  it('by the next start of a program that was killed again and again leaves nothing of it', async () => {
    // To start a program takes most of the time. 200 were killed by hand.
    const kills = engineUnderTest === 'native' ? 60 : 20;
    const atOnce = 4;
    const killOne = async (): Promise<void> => {
      const child = startProgram('save-endlessly.mjs', [scratch.path]);
      await Promise.race([once(child.stdout, 'data'), once(child, 'close')]);
      assert.equal(child.exitCode, null);
      child.kill('SIGKILL');
      await once(child, 'close');
    };
    for (let killed = 0; killed < kills; killed += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, killOne));
    }
    // Perhaps the last ones had just published all of theirs.
    leave();
    assert.equal((await ended(startProgram('save-once.mjs', [file()]))).code, 0);
    assert.deepEqual(scratch.temporaries(), []);
    for (const name of ['one', 'two', 'three', 'four']) assertWhole(readFileSync(scratch.at(name)));
  });
});
