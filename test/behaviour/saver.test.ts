import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { describe, it } from 'vitest';
import { Saver } from '../../src/index.js';
import { ended, startProgram } from '../node-process.js';
import { ScratchDirectory } from '../scratch-directory.js';

const scratch = new ScratchDirectory();
const content = () => readFileSync(scratch.at('file'), 'utf8');

describe('a saver', () => {
  it('saves what it is given', async () => {
    const saver = new Saver(scratch.at('file'));
    const saved = await saver.save('content');
    assert.equal(content(), 'content');
    assert.deepEqual([saved.bytes, saved.replaced], [7, false]);
  });

  it('writes only the first and the last of ten thousand values that it is given at once', async () => {
    const written: number[] = [];
    const saver = new Saver<number>(scratch.at('file'), {
      serialize: (value) => {
        written.push(value);
        return String(value);
      },
    });
    await Promise.all(Array.from({ length: 10_000 }, (_, value) => saver.save(value)));
    assert.deepEqual(written, [0, 9999]);
    assert.equal(content(), '9999');
  });

  it('resolves no promise before its value or a newer one is in the file', async () => {
    const saver = new Saver<number>(scratch.at('file'), { serialize: String });
    let found = -1;
    const saves: Promise<void>[] = [];
    for (let value = 0; value < 200; value += 1) {
      saves.push(
        saver.save(value).then(() => {
          found = Number(content());
          assert.ok(found >= value, `${value} has resolved, and the file holds ${found}`);
        }),
      );
      if (value % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(saves);
    assert.equal(found, 199);
  });

  it('waits for a value that is serialized asynchronously', async () => {
    const saver = new Saver<string>(scratch.at('file'), {
      serialize: async (value) => {
        await new Promise((resolve) => setImmediate(resolve));
        return value.toUpperCase();
      },
    });
    await saver.save('content');
    assert.equal(content(), 'CONTENT');
  });

  it('rejects the saves that share a failed write, and continues with the next', async () => {
    const saver = new Saver<string>(scratch.at('file'), {
      serialize: (value) => {
        if (value === 'bad') throw new RangeError('no bytes for this');
        return value;
      },
    });
    const outcomes = await Promise.allSettled(['first', 'bad'].map((value) => saver.save(value)));
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
    assert.equal(content(), 'first');
    await saver.save('second');
    assert.equal(content(), 'second');
  });

  it('resolves a failed save if a newer value that waits is written', async () => {
    let newer: Promise<unknown> | undefined;
    const saver = new Saver<string>(scratch.at('file'), {
      serialize: (value) => {
        if (value !== 'bad') return value;
        newer = saver.save('newer');
        throw new RangeError('no bytes for this');
      },
    });
    const { bytes } = await saver.save('bad');
    await newer;
    assert.deepEqual([bytes, content()], [5, 'newer']);
  });

  it("rejects with the newer value's error where that failed as well", async () => {
    let newer: Promise<unknown> | undefined;
    const saver = new Saver<number>(scratch.at('file'), {
      serialize: (value) => {
        if (value === 1) newer = saver.save(2);
        throw new RangeError(`no bytes for ${value}`);
      },
    });
    await assert.rejects(saver.save(1), { message: 'no bytes for 2' });
    assert.ok(newer);
    await assert.rejects(newer, { message: 'no bytes for 2' });
  });

  it('keeps the process alive while a value waits', async () => {
    const { code, stdout, stderr } = await ended(startProgram('saver-and-let-go.mjs', [scratch.at('file')]));
    assert.deepEqual([code, stdout, stderr], [0, '', '']);
    assert.equal(content(), 'newest');
  });

  it("rejects with the failed save's error", async () => {
    const saver = new Saver(scratch.at('missing', 'file'));
    await assert.rejects(saver.save('content'), { code: 'ENOENT', published: false });
  });

  it('rejects a wrong value alone', async () => {
    const saver = new Saver<string | number>(scratch.at('file'), {} as object);
    const first = saver.save('first');
    const second = saver.save('second');
    await assert.rejects(saver.save(1), { code: 'ERR_INVALID_ARG_TYPE' });
    await Promise.all([first, second]);
    assert.equal(content(), 'second');
  });

  it('has written the latest value when flush resolves', async () => {
    const saver = new Saver(scratch.at('file'));
    const saves = ['first', 'second', 'third'].map((value) => saver.save(value));
    await saver.flush();
    assert.equal(content(), 'third');
    await Promise.all(saves);
  });

  it('has nothing to flush before the first value', async () => {
    const saver = new Saver(scratch.at('file'));
    await saver.flush();
    assert.equal(existsSync(scratch.at('file')), false);
  });

  it("rejects flush with the latest value's error", async () => {
    const saver = new Saver(scratch.at('missing', 'file'));
    const failed = assert.rejects(saver.save('content'), { code: 'ENOENT' });
    await assert.rejects(saver.flush(), { code: 'ENOENT' });
    await failed;
  });

  it('has written the latest value when close resolves, and accepts no more values', async () => {
    const saver = new Saver(scratch.at('file'));
    const saves = ['first', 'second'].map((value) => saver.save(value));
    await saver.close();
    assert.equal(content(), 'second');
    await assert.rejects(saver.save('third'), { code: 'ERR_INDELIBLE_CLOSED' });
    await Promise.all(saves);
    await saver.close();
  });

  it('is closed by asynchronous disposal', async () => {
    const saver = new Saver(scratch.at('file'));
    const saved = saver.save('content');
    await saver[Symbol.asyncDispose]();
    assert.equal(content(), 'content');
    await assert.rejects(saver.save('more'), { code: 'ERR_INDELIBLE_CLOSED' });
    await saved;
  });

  it('passes its options on', async () => {
    const saver = new Saver(scratch.at('made', 'file'), { makeDirectories: true, mode: 0o600 });
    const { durability } = await saver.save('content');
    assert.equal(statSync(scratch.at('made', 'file')).mode & 0o7777, 0o600);
    assert.ok(['durable', 'none'].includes(durability));
  });

  it('saves nothing after its signal is aborted', async () => {
    const saver = new Saver(scratch.at('file'), { signal: AbortSignal.abort() });
    await assert.rejects(saver.save('content'), { code: 'ABORT_ERR' });
    assert.equal(existsSync(scratch.at('file')), false);
  });

  it('refuses wrong arguments when it is made', () => {
    assert.throws(() => new Saver('a\0b'), { code: 'ERR_INVALID_ARG_VALUE' });
    assert.throws(() => new Saver('file', { mode: -1 }), { code: 'ERR_OUT_OF_RANGE' });
    assert.throws(() => new Saver('file', { serialize: 'text' as unknown as () => string }), {
      code: 'ERR_INVALID_ARG_TYPE',
    });
    assert.throws(() => new Saver('file', { ifExists: 'fail' } as object), { code: 'ERR_INVALID_ARG_VALUE' });
  });
});
