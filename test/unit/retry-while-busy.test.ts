import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { retryWhileBusy } from '../../src/fs/plain/retry-while-busy.js';
import { run, runSync, type Steps, step } from '../../src/fs/steps.js';

/** A call that fails with these errors in turn, and then succeeds. */
function callWith(codes: readonly string[]): { call: () => Steps<string>; made: () => number } {
  let made = 0;
  const call = () =>
    step(
      () => {
        const code = codes[made];
        made += 1;
        if (code !== undefined) throw Object.assign(new Error(code), { code, errno: -1, syscall: 'rename' });
        return 'done';
      },
      async () => 'done',
    );
  return { call, made: () => made };
}

function recordPauses(): { pauses: number[]; pause: (milliseconds: number) => Steps<void> } {
  const pauses: number[] = [];
  const pause = (milliseconds: number) =>
    step(
      () => {
        pauses.push(milliseconds);
      },
      async () => undefined,
    );
  return { pauses, pause };
}

describe('a rename of a file that another program has open', () => {
  for (const code of ['EBUSY', 'EPERM', 'EACCES']) {
    it(`is retried on Windows after ${code} until it succeeds`, () => {
      const { call, made } = callWith([code, code, code]);
      const { pauses, pause } = recordPauses();
      assert.equal(runSync(retryWhileBusy(call, 'win32', pause)), 'done');
      assert.equal(made(), 4);
      assert.deepEqual(pauses, [1, 2, 4]);
    });
  }

  it('is retried with growing pauses for two seconds, and then throws the last error', () => {
    const { call } = callWith(Array(100).fill('EPERM'));
    const { pauses, pause } = recordPauses();
    assert.throws(() => runSync(retryWhileBusy(call, 'win32', pause)), { code: 'EPERM' });
    assert.equal(
      pauses.reduce((sum, one) => sum + one, 0),
      2000,
    );
    assert.ok(Math.max(...pauses) <= 250);
  });

  it('is not retried on other platforms', () => {
    for (const platform of ['linux', 'darwin'] as const) {
      const { call, made } = callWith(['EPERM']);
      assert.throws(() => runSync(retryWhileBusy(call, platform)), { code: 'EPERM' });
      assert.equal(made(), 1);
    }
  });

  it('is not retried after a permanent error', () => {
    for (const code of ['EEXIST', 'ENOENT', 'EIO', 'ENOSPC', 'EXDEV']) {
      const { call, made } = callWith([code]);
      assert.throws(() => runSync(retryWhileBusy(call, 'win32')), { code });
      assert.equal(made(), 1);
    }
  });

  it('is retried in both forms', async () => {
    const { call } = callWith(['EBUSY', 'EBUSY']);
    assert.equal(runSync(retryWhileBusy(call, 'win32')), 'done');
    const again = callWith(['EBUSY', 'EBUSY']);
    assert.equal(
      await run(
        retryWhileBusy(
          () =>
            step(
              () => 'never',
              async () => runSync(again.call()),
            ),
          'win32',
        ),
      ),
      'done',
    );
    assert.equal(again.made(), 3);
  });
});
