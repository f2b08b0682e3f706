import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { CrashTestResult } from './crash-test.js';
import type { FaultKind } from './judge.js';
import type { LabMount } from './mounts.js';
import { formatReport, tally } from './report.js';
import type { Role } from './subjects.js';

const STATES = 100;
const EXT4: LabMount = { name: 'ext4', format: 'ext4', mostLitter: 0.02 };
const WRITEBACK: LabMount = {
  name: 'writeback',
  format: 'ext4',
  accepted: { faults: ['torn'], why: 'known' },
};

describe('the tally of a crash run', () => {
  it('passes a scenario that held, and one whose only fault is accepted on the mount', () => {
    const results = [resultOf('scenarios', WRITEBACK), resultOf('scenarios', WRITEBACK, { torn: 3 })];
    assert.deepEqual(tally(results), { passed: 2, failures: [] });
  });

  it('fails for a scenario that broke a promise', () => {
    const { passed, failures } = tally([resultOf('scenarios', WRITEBACK, { torn: 3, lost: 1 })]);
    assert.equal(passed, 0);
    assert.deepEqual(failures, ['subject on writeback: a promise was broken']);
  });

  it('fails for a control that was not caught, and passes one that was', () => {
    const { passed, failures } = tally([
      resultOf('controls', WRITEBACK),
      resultOf('controls', WRITEBACK, { torn: 1 }),
    ]);
    assert.equal(passed, 1);
    assert.deepEqual(failures, ['subject on writeback: the fault was not caught']);
  });

  it('counts a competitor neither as passed nor as failed', () => {
    const results = [resultOf('competitors', EXT4), resultOf('competitors', EXT4, { torn: 50, litter: 50 })];
    assert.deepEqual(tally(results), { passed: 0, failures: [] });
  });

  it('counts an experiment neither as passed nor as failed', () => {
    assert.deepEqual(tally([resultOf('experiments', EXT4, { torn: 50 })]), { passed: 0, failures: [] });
  });

  it('fails for a program that breaks a promise with this library as its writer, and not for the original', () => {
    assert.deepEqual(tally([resultOf('originals', EXT4, { torn: 50 }), resultOf('replacements', EXT4)]), {
      passed: 1,
      failures: [],
    });
    assert.deepEqual(tally([resultOf('replacements', EXT4, { torn: 1 })]), {
      passed: 0,
      failures: ['subject on ext4: a promise was broken'],
    });
  });

  it('fails for more litter than the mount allows', () => {
    assert.deepEqual(tally([resultOf('scenarios', EXT4, { litter: 2 })]), { passed: 2, failures: [] });
    assert.deepEqual(tally([resultOf('scenarios', EXT4, { litter: 3 })]), {
      passed: 1,
      failures: ['a temporary was left in 3.0 % of the states on ext4'],
    });
  });

  it('does not count the litter of scenarios whose temporaries have names', () => {
    assert.deepEqual(tally([resultOf('scenarios', EXT4, { litter: 50 }, true)]), { passed: 1, failures: [] });
  });
});

describe('the report of a crash run', () => {
  const run = { commit: '1234567', seeds: [1, 2], command: 'command', guests: ['6.1.0-50-cloud-amd64'] };

  it('separates results under another kernel from those under this one, and names the other', () => {
    const guest: LabMount = { ...EXT4, kernel: '6.1', recoveredBy: '6.1' };
    const broken = resultOf('scenarios', EXT4, { lost: 1 });
    const report = formatReport([broken, { ...broken, ...held(guest) }], run);
    assert.match(report, /^\| subject \| {2}\| BROKEN on ext4; held on 1 \| 200 \|/m);
    assert.match(report, /^\| ext4 \| {2}\| {2}\| 100 \| {2}\| {2}\| 1 \|/m);
    assert.match(report, /^\| ext4, Linux 6\.1 \| {2}\| {2}\| 100 \| {2}\| {2}\| {2}\|/m);
    assert.match(report, /^\| subject \| ext4 \| BROKEN \| 100 \| {2}\| {2}\| 1 \| {2}\|$/m);
    assert.match(report, /The other kernels are Debian's 6\.1\.0-50-cloud-amd64\./);
  });

  it('calls an experiment broken for a fault that is accepted on the mount', () => {
    const report = formatReport([resultOf('experiments', WRITEBACK, { torn: 1 })], run);
    assert.match(report, /\| broken on 1 \|/);
  });

  it('says of a scenario that is alone at how many prefixes every state was crashed', () => {
    const single = { ...resultOf('scenarios', EXT4), prefixes: 20, exhaustive: 19 };
    assert.match(formatReport([single], run), /\| held on 1 \| 100 \| 19 of 20 \|/);
    assert.match(formatReport([resultOf('scenarios', EXT4)], run), /\| held on 1 \| 100 \| {2}\|/);
  });

  it('names the commit, and the filesystems on which a control was not caught', () => {
    const caught = resultOf('controls', WRITEBACK, { torn: 1 });
    const report = formatReport([{ ...resultOf('controls', EXT4), subject: caught.subject }, caught], run);
    assert.match(report, /from commit 1234567;/);
    assert.match(report, /\| NOT CAUGHT on ext4; caught on 1 \|/);
    assert.match(report, /^\| ext4 \|.*\| 0 of 1 \|/m);
  });

  it('has no table for a role that was not run', () => {
    const report = formatReport([resultOf('scenarios', EXT4)], run);
    assert.match(report, /^## Scenarios$/m);
    assert.doesNotMatch(
      report,
      /^## (Negative controls|Other libraries|Programs|The same programs|Experiments)$/m,
    );
  });
});

/** The same subject without a fault. */
function held(mount: LabMount): Omit<CrashTestResult, 'subject'> {
  const { subject: _, ...rest } = resultOf('scenarios', mount);
  return rest;
}

function resultOf(
  role: Role,
  mount: LabMount,
  faults: Partial<Record<FaultKind, number>> = {},
  namedTemporaries = false,
): CrashTestResult {
  return {
    subject: {
      name: 'subject',
      role,
      scenario: { title: '', namedTemporaries, run: () => Promise.resolve() },
    },
    mount,
    states: STATES,
    prefixes: 0,
    exhaustive: 0,
    durableSaves: 1,
    faults: { unmountable: 0, torn: 0, lost: 0, stale: 0, litter: 0, ...faults },
    exhibits: [],
  };
}
