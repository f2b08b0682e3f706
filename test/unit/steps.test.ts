import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { run, runSync, type Steps, step } from '../../src/fs/steps.js';

/** Both forms log that they were called. */
function logging(log: string[], value: number): Steps<number> {
  return step(
    () => {
      log.push(`sync ${value}`);
      return value;
    },
    async () => {
      log.push(`async ${value}`);
      return value;
    },
  );
}

function failing(): Steps<never> {
  const fail = () => {
    throw new Error('broken');
  };
  return step(fail, async () => fail());
}

describe('a procedure of steps', () => {
  function* sum(log: string[]): Steps<number> {
    return (yield* logging(log, 1)) + (yield* logging(log, 2));
  }

  it('runs on the calling thread', () => {
    const log: string[] = [];
    assert.equal(runSync(sum(log)), 3);
    assert.deepEqual(log, ['sync 1', 'sync 2']);
  });

  it('runs asynchronously', async () => {
    const log: string[] = [];
    assert.equal(await run(sum(log)), 3);
    assert.deepEqual(log, ['async 1', 'async 2']);
  });

  function* cleaning(log: string[]): Steps<number> {
    try {
      return yield* failing();
    } catch {
      return yield* logging(log, 7);
    } finally {
      yield* logging(log, 8);
    }
  }

  it('can catch the error of a step, and make cleanup steps, in both forms', async () => {
    const log: string[] = [];
    assert.equal(runSync(cleaning(log)), 7);
    assert.equal(await run(cleaning(log)), 7);
    assert.deepEqual(log, ['sync 7', 'sync 8', 'async 7', 'async 8']);
  });

  it('fails with an error that it does not catch', async () => {
    assert.throws(() => runSync(failing()), { message: 'broken' });
    await assert.rejects(run(failing()), { message: 'broken' });
  });
});
