import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { ScratchDirectory } from '../scratch-directory.js';
import type { CrashTest, CrashTestResult } from './crash-test.js';
import { KeptResults } from './kept-results.js';

const CONDITIONS = { commit: '1234567', kernel: '6.1', node: '20.0.0', states: 100 };
const TEST: CrashTest = {
  subject: { name: 'subject', role: 'scenarios', scenario: { title: '', run: () => Promise.resolve() } },
  mount: { name: 'ext4', format: 'ext4' },
};
const RESULT: CrashTestResult = {
  ...TEST,
  states: 100,
  prefixes: 0,
  exhaustive: 0,
  durableSaves: 7,
  faults: { unmountable: 0, torn: 1, lost: 0, stale: 0, litter: 3 },
  exhibits: [],
};

describe('the results of a run that was stopped', () => {
  const scratch = new ScratchDirectory();
  const open = (conditions = CONDITIONS) => new KeptResults(scratch.at('results'), conditions);

  it('are those of the same test with the same seed', () => {
    open().keep(RESULT, 2);
    const kept = open();
    assert.deepEqual(kept.resultOf(TEST, 2), RESULT);
    assert.equal(kept.resultOf(TEST, 1), undefined);
    assert.equal(kept.resultOf({ ...TEST, mount: { ...TEST.mount, kernel: '6.1' } }, 2), undefined);
    assert.equal(kept.resultOf({ ...TEST, subject: { ...TEST.subject, role: 'controls' } }, 2), undefined);
  });

  it('are without one that was not written to its end, and go on behind the others', () => {
    open().keep(RESULT, 1);
    appendFileSync(scratch.at('results'), '{"name":"subj');
    open().keep(RESULT, 3);
    const kept = open();
    assert.deepEqual(
      [1, 2, 3].map((seed) => kept.resultOf(TEST, seed) !== undefined),
      [true, false, true],
    );
  });

  it('are refused under other conditions', () => {
    open().keep(RESULT, 1);
    assert.throws(() => open({ ...CONDITIONS, commit: '7654321' }), /is of another run/);
    assert.throws(() => open({ ...CONDITIONS, states: 10 }), /is of another run/);
  });
});
