import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, it } from 'vitest';
import {
  type Changed,
  type Saved,
  save,
  saveSync,
  type UpdateOptions,
  update,
  updateSync,
} from '../../src/index.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { hasMachineLock } from './engine-under-test.js';

const scratch = new ScratchDirectory();
const file = () => scratch.at('file');
const content = () => readFileSync(file(), 'utf8');

/** Without locks between processes, the caller has to ask for the order within the thread. */
const OPTIONS: Omit<UpdateOptions, 'encoding'> = hasMachineLock ? {} : { lock: 'thread' };

interface Form {
  name: string;
  text: (
    path: Parameters<typeof update>[0],
    change: (current: string | undefined) => Changed,
    options?: UpdateOptions,
  ) => Promise<Saved | undefined>;
  bytes: (path: string, change: (current: Buffer | undefined) => Changed) => Promise<Saved | undefined>;
}

const forms: Form[] = [
  {
    name: 'update',
    text: (path, change, options) => update(path, change, { ...OPTIONS, ...options, encoding: 'utf8' }),
    bytes: (path, change) => update(path, change, { ...OPTIONS, encoding: null }),
  },
  {
    name: 'updateSync',
    text: async (path, change, options) =>
      updateSync(path, change, { ...OPTIONS, ...options, encoding: 'utf8' }),
    bytes: async (path, change) => updateSync(path, change, { ...OPTIONS, encoding: null }),
  },
];

/** How other code may change the file while `change` runs, without the lock, and what the file holds then. */
const interferences: { name: string; act: () => void; left: string | undefined }[] = [
  {
    name: 'replaced',
    act: () => {
      writeFileSync(scratch.at('other'), 'old');
      renameSync(scratch.at('other'), file());
    },
    left: 'old',
  },
  {
    name: 'overwritten in place',
    act: () => writeFileSync(file(), 'longer than before'),
    left: 'longer than before',
  },
  { name: 'removed', act: () => rmSync(file()), left: undefined },
  { name: 'given another mode', act: () => chmodSync(file(), 0o604), left: 'old' },
  { name: 'saved with saveSync', act: () => void saveSync(file(), 'saved'), left: 'saved' },
];

for (const form of forms) {
  describe(form.name, () => {
    it('saves what the change returns', async () => {
      writeFileSync(file(), 'old');
      const saved = await form.text(file(), (current) => `${current} and new`);
      assert.equal(content(), 'old and new');
      assert.deepEqual([saved?.path, saved?.bytes, saved?.replaced], [file(), 11, true]);
    });

    it('gives and takes bytes where no encoding is asked for', async () => {
      const bytes = Buffer.from([0xff, 0x00, 0xfe]);
      writeFileSync(file(), bytes);
      await form.bytes(file(), (current) => {
        assert.ok(Buffer.isBuffer(current));
        assert.deepEqual([...current], [...bytes]);
        return Buffer.concat([current, Buffer.of(1)]);
      });
      assert.deepEqual([...readFileSync(file())], [...bytes, 1]);
    });

    it('gives an empty file as empty, and all of a large one', async () => {
      writeFileSync(file(), '');
      await form.bytes(file(), (current) => {
        assert.equal(current?.length, 0);
        return Buffer.alloc(9_000_000, 'x');
      });
      await form.bytes(file(), (current) => {
        assert.ok(current?.equals(Buffer.alloc(9_000_000, 'x')));
        return undefined;
      });
    });

    it('gives undefined where there is no file, and creates it', async () => {
      const saved = await form.text(file(), (current) => {
        assert.equal(current, undefined);
        return 'new';
      });
      assert.equal(content(), 'new');
      assert.equal(saved?.replaced, false);
      assert.deepEqual(readdirSync(scratch.path), ['file']);
    });

    it('writes nothing where the change returns undefined', async () => {
      writeFileSync(file(), 'old');
      const before = statSync(file(), { bigint: true });
      assert.equal(await form.text(file(), () => undefined), undefined);
      const { ino, ctimeNs } = statSync(file(), { bigint: true });
      assert.deepEqual([ino, ctimeNs], [before.ino, before.ctimeNs]);
      await form.text(scratch.at('missing'), () => undefined);
      assert.deepEqual(readdirSync(scratch.path), ['file']);
    });

    it('keeps the mode of the file', async () => {
      writeFileSync(file(), 'old');
      chmodSync(file(), 0o604);
      await form.text(file(), () => 'new');
      assert.equal(statSync(file()).mode & 0o7777, 0o604);
    });

    it('keeps the version that it replaces, at the first attempt', async () => {
      for (const [old, kept] of [
        ['one', undefined],
        ['two', 'older'],
      ]) {
        writeFileSync(file(), old ?? '');
        if (kept !== undefined) writeFileSync(scratch.at('kept'), kept);
        await form.text(file(), (current) => `${current}!`, { keepPrevious: scratch.at('kept'), retries: 0 });
        assert.equal(content(), `${old}!`);
        assert.equal(readFileSync(scratch.at('kept'), 'utf8'), old);
      }
    });

    it('keeps nothing where the file was modified after it was read', async () => {
      writeFileSync(file(), 'old');
      const change = () => {
        writeFileSync(file(), 'of another program');
        return 'new';
      };
      const options = { keepPrevious: scratch.at('kept'), retries: 0 };
      await assert.rejects(form.text(file(), change, options), {
        code: 'ERR_INDELIBLE_CHANGED',
        published: false,
      });
      assert.deepEqual(readdirSync(scratch.path), ['file']);
    });

    it('follows a symbolic link, dangling or not', async () => {
      mkdirSync(scratch.at('real'));
      symlinkSync('real/target', scratch.at('link'));
      for (const expected of ['x', 'xx']) {
        await form.text(scratch.at('link'), (current = '') => `${current}x`);
        assert.equal(readFileSync(scratch.at('real', 'target'), 'utf8'), expected);
      }
      assert.ok(lstatSync(scratch.at('link')).isSymbolicLink());
    });

    it('takes any form of path, and makes directories if asked', async () => {
      const path = scratch.at('a', 'b', 'file');
      for (const form_ of [pathToFileURL(path), Buffer.from(path), path]) {
        await form.text(form_, (current = '') => `${current}x`, { makeDirectories: true });
      }
      assert.equal(readFileSync(path, 'utf8'), 'xxx');
    });

    it('rejects with what the change throws, leaves the file as it was, and lets the next update run', async () => {
      writeFileSync(file(), 'old');
      const error = new RangeError('no such change');
      const failing = form.text(file(), () => {
        throw error;
      });
      await assert.rejects(failing, error);
      assert.equal(content(), 'old');
      assert.deepEqual(readdirSync(scratch.path), ['file']);
      await form.text(file(), () => 'new', { timeout: 0 });
      assert.equal(content(), 'new');
    });

    it('rejects a value that is not data, and lets the next update run', async () => {
      writeFileSync(file(), 'old');
      const change = (() => 1) as unknown as () => string;
      await assert.rejects(form.text(file(), change), { code: 'ERR_INVALID_ARG_TYPE' });
      assert.equal(content(), 'old');
      await form.text(file(), () => 'new', { timeout: 0 });
    });

    for (const { name, act, left } of interferences) {
      it(`saves nothing where the file was ${name} meanwhile`, async () => {
        writeFileSync(file(), 'old');
        const updating = form.text(file(), (current) => {
          act();
          return `${current} and new`;
        });
        await assert.rejects(updating, { code: 'ERR_INDELIBLE_CHANGED', path: file(), published: false });
        assert.equal(existsSync(file()) ? content() : undefined, left);
        assert.deepEqual(scratch.temporaries(), []);
      });
    }

    it('saves nothing where a file has appeared meanwhile', async () => {
      const updating = form.text(file(), () => {
        writeFileSync(file(), 'of another');
        return 'new';
      });
      await assert.rejects(updating, { code: 'ERR_INDELIBLE_CHANGED', published: false });
      assert.equal(content(), 'of another');
      assert.deepEqual(scratch.temporaries(), []);
    });

    it('begins again with what the file then holds, at most as often as options.retries says', async () => {
      writeFileSync(file(), '0');
      const seen: (string | undefined)[] = [];
      const interfering = (current: string | undefined) => {
        seen.push(current);
        if (seen.length < 4) writeFileSync(file(), '0'.repeat(seen.length + 1));
        return `${current}!`;
      };
      await assert.rejects(form.text(file(), interfering, { retries: 1 }), { code: 'ERR_INDELIBLE_CHANGED' });
      await form.text(file(), interfering, { retries: Number.POSITIVE_INFINITY });
      assert.deepEqual(seen, ['0', '00', '000', '0000']);
      assert.equal(content(), '0000!');
    });

    it('refuses a directory, and a path without a directory, before it calls the change', async () => {
      let changes = 0;
      const count = () => {
        changes += 1;
        return '';
      };
      mkdirSync(scratch.at('directory'));
      for (const [name, code] of Object.entries({ directory: 'EISDIR', 'missing/file': 'ENOENT' })) {
        await assert.rejects(form.text(scratch.at(name), count), { code, path: scratch.at(name) });
      }
      assert.equal(changes, 0);
    });

    it('refuses a FIFO before it calls the change', async () => {
      const path = scratch.at('fifo');
      execFileSync('mkfifo', [path]);
      const changed = () => assert.fail('changed');
      await assert.rejects(form.text(path, changed), { code: 'ERR_INDELIBLE_NOT_A_FILE', path });
    });

    it('is refused with an aborted signal', async () => {
      const updating = form.text(file(), () => 'new', { signal: AbortSignal.abort() });
      await assert.rejects(updating, { code: 'ABORT_ERR' });
      assert.equal(existsSync(file()), false);
    });

    it('checks its arguments, and names them', async () => {
      const wrong: [unknown, unknown, object, RegExp][] = [
        [1, () => '', {}, /"path" argument/],
        ['file', 'new', {}, /"change" argument/],
        ['file', () => '', { timeout: 'x' }, /"options.timeout" property/],
        ['file', () => '', { timeout: -1 }, /"options.timeout" is out of range/],
        ['file', () => '', { timeout: Number.NaN }, /"options.timeout" is out of range/],
        ['file', () => '', { retries: 1.5 }, /"options.retries" is out of range/],
        ['file', () => '', { lock: 'world' }, /"options.lock" property/],
        ['file', () => '', { ifExists: 'fail' }, /"options.ifExists" property/],
        ['file', () => '', { followSymlinks: false }, /"options.followSymlinks" property/],
      ];
      for (const [path, change, options, message] of wrong) {
        const call = async () => form.text(path as string, change as () => string, options);
        await assert.rejects(call, { message });
      }
    });
  });
}

describe('concurrent updates in one thread', () => {
  it('lose nothing, and see each other in the order of the calls', async () => {
    const seen: number[] = [];
    const append = (number: number) =>
      update(
        file(),
        async (current = '') => {
          await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
          seen.push(number);
          return `${current}${number},`;
        },
        { ...OPTIONS, encoding: 'utf8', durability: 'none' },
      );
    const numbers = Array.from({ length: 100 }, (_, number) => number);
    await Promise.all(numbers.map(append));
    assert.deepEqual(seen, numbers);
    assert.equal(content(), numbers.map((number) => `${number},`).join(''));
    assert.deepEqual(readdirSync(scratch.path), ['file']);
  });

  it('all succeed for many files, although there are few descriptors', async () => {
    const paths = Array.from({ length: 1500 }, (_, number) => scratch.at(`file${number}`));
    const options = { ...OPTIONS, durability: 'none' } as const;
    await Promise.all(paths.map((path) => update(path, () => path, options)));
    for (const path of paths) assert.equal(readFileSync(path, 'utf8'), path);
  });

  it('may update another file inside a change', async () => {
    await update(
      file(),
      async () => {
        await update(scratch.at('other'), () => 'inner', OPTIONS);
        return 'outer';
      },
      OPTIONS,
    );
    assert.deepEqual([content(), readFileSync(scratch.at('other'), 'utf8')], ['outer', 'inner']);
  });

  /** An update whose change runs until `stop` is called. */
  function holding(): { stop: () => void; done: Promise<unknown>; held: Promise<void> } {
    let stop = (): void => undefined;
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    let hold = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      hold = resolve;
    });
    const change = async () => {
      hold();
      await stopped;
      return 'held';
    };
    return { stop, held, done: update(file(), change, OPTIONS) };
  }

  it('give up after the time-out, and the others continue', async () => {
    const holder = holding();
    await holder.held;
    const waiting = update(file(), () => 'never', { ...OPTIONS, timeout: 30 });
    const patient = update(file(), (current) => `${current} and more`, { ...OPTIONS, encoding: 'utf8' });
    await assert.rejects(waiting, { code: 'ERR_INDELIBLE_LOCKED', path: file(), published: false });
    holder.stop();
    await holder.done;
    await patient;
    assert.equal(content(), 'held and more');
  });

  it('do not give up as long as one after the other finishes', async () => {
    const slow = () =>
      update(
        file(),
        async (current = '') => {
          await new Promise((resolve) => setTimeout(resolve, 40));
          return `${current}x`;
        },
        { ...OPTIONS, encoding: 'utf8', timeout: 2000, durability: 'none' },
      );
    await Promise.all(Array.from({ length: 75 }, slow));
    assert.equal(content(), 'x'.repeat(75));
  });

  it('reject at once when they are aborted while they wait, and the others continue', async () => {
    const holder = holding();
    await holder.held;
    const controller = new AbortController();
    const waiting = update(file(), () => 'never', { ...OPTIONS, signal: controller.signal });
    const patient = update(file(), () => 'last', OPTIONS);
    controller.abort();
    await assert.rejects(waiting, { code: 'ABORT_ERR' });
    holder.stop();
    await Promise.all([holder.done, patient]);
    assert.equal(content(), 'last');
  });

  it('reject at once when they are aborted while their change runs, and save nothing', async () => {
    writeFileSync(file(), 'old');
    const controller = new AbortController();
    const updating = update(
      file(),
      () => {
        setImmediate(() => controller.abort());
        return new Promise<string>(() => undefined);
      },
      { ...OPTIONS, signal: controller.signal },
    );
    await assert.rejects(updating, { code: 'ABORT_ERR', published: false });
    assert.equal(content(), 'old');
    await update(file(), () => 'new', { ...OPTIONS, timeout: 0 });
    assert.equal(content(), 'new');
  });

  it('are not waited for by updateSync, which would block them', async () => {
    const holder = holding();
    const call = () => updateSync(file(), () => 'new', { ...OPTIONS, timeout: Number.POSITIVE_INFINITY });
    assert.throws(call, { code: 'ERR_INDELIBLE_LOCKED', message: /in this thread/ });
    holder.stop();
    await holder.done;
    call();
    assert.equal(content(), 'new');
  });

  it('notice a save of this process without the lock, although it shares their commit', async () => {
    for (let round = 0; round < 30; round += 1) {
      writeFileSync(file(), 'old');
      let saving: Promise<Saved> | undefined;
      const updating = update(
        file(),
        () => {
          saving = save(file(), 'saved');
          return 'updated';
        },
        OPTIONS,
      );
      await assert.rejects(updating, { code: 'ERR_INDELIBLE_CHANGED' });
      await saving;
      assert.equal(content(), 'saved');
    }
  });
});
