import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'vitest';
import type { CrashTest, CrashTestResult } from './crash-test.js';
import { KeptResults } from './kept-results.js';
import { recoveriesOf } from './mounts.js';

const CONDITIONS = { commit: '1234567', kernel: '6.1', node: '20.0.0', states: 100, guestStates: 20 };
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
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'indelible-test-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const open = (conditions = CONDITIONS) => new KeptResults(join(directory, 'results'), conditions);

  it('are those of the same test with the same seed', () => {
    open().keep(TEST, 2, [RESULT]);
    const kept = open();
    assert.deepEqual(kept.resultsOf(TEST, 2), [RESULT]);
    assert.equal(kept.resultsOf(TEST, 1), undefined);
    assert.equal(kept.resultsOf({ ...TEST, mount: { ...TEST.mount, kernel: '6.1' } }, 2), undefined);
    assert.equal(kept.resultsOf({ ...TEST, subject: { ...TEST.subject, role: 'controls' } }, 2), undefined);
  });

  it('are those of each kernel that recovered states', () => {
    const test: CrashTest = { ...TEST, mount: { ...TEST.mount, kernel: '6.1' } };
    const results = recoveriesOf(test.mount).map((mount, index) => ({
      ...RESULT,
      mount,
      states: 10 + index,
    }));
    open().keep(test, 1, results);
    assert.deepEqual(open().resultsOf(test, 1), results);
  });

  it('are without one that was not written to its end, and go on behind the others', () => {
    open().keep(TEST, 1, [RESULT]);
    appendFileSync(join(directory, 'results'), '{"name":"subj');
    open().keep(TEST, 3, [RESULT]);
    const kept = open();
    assert.deepEqual(
      [1, 2, 3].map((seed) => kept.resultsOf(TEST, seed) !== undefined),
      [true, false, true],
    );
  });

  it('are refused under other conditions', () => {
    open().keep(TEST, 1, [RESULT]);
    assert.throws(() => open({ ...CONDITIONS, commit: '7654321' }), /is of another run/);
    assert.throws(() => open({ ...CONDITIONS, states: 10 }), /is of another run/);
  });
});
