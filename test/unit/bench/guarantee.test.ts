import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { Contender } from '../../../bench/contenders/contender.js';
import { type CrashResults, guaranteeOf } from '../../../bench/measure/guarantee.js';
import { filesystemOn } from './measured.js';

const NO_FAULTS = { unmountable: 0, torn: 0, lost: 0, stale: 0, litter: 0 };

function resultsWith(faults: Partial<typeof NO_FAULTS>, mount = 'ext4'): CrashResults {
  const result = { name: 'recipe', mount, states: 200, faults: { ...NO_FAULTS, ...faults } };
  return { schema: 'indelible-crash/1', results: [result] };
}

function contender(durability: Contender['durability']): Contender {
  return { name: '', description: '', durability, crashed: 'recipe', save: () => {} };
}

const onExt4 = (faults: Partial<typeof NO_FAULTS>, durability: Contender['durability'] = 'durable') =>
  guaranteeOf(contender(durability), filesystemOn(undefined), resultsWith(faults));

describe('what a contender guarantees', () => {
  it('is what the crash lab has seen, with the litter', () => {
    assert.deepEqual(onExt4({ litter: 50 }), { powerLoss: 'survives', litter: 0.25, states: 200 });
    assert.equal(onExt4({}, 'ordered').powerLoss, 'old or new');
    assert.equal(onExt4({ stale: 1 }).powerLoss, 'loses saves');
    assert.equal(onExt4({ torn: 1, lost: 9 }).powerLoss, 'tears files');
  });

  it('is not known where the lab has crashed no such filesystem', () => {
    const results = resultsWith({}, 'xfs');
    assert.equal(guaranteeOf(contender('durable'), filesystemOn(undefined), results).powerLoss, 'untested');
  });

  it('is not carried over from an ext4 with a journal to one without', () => {
    const filesystem = filesystemOn(undefined);
    filesystem.journal = { present: false, mode: undefined, external: false };
    assert.equal(guaranteeOf(contender('durable'), filesystem, resultsWith({})).powerLoss, 'untested');
  });

  it('is nothing in memory', () => {
    const filesystem = filesystemOn(undefined);
    filesystem.warnings.push({ code: 'memory', message: '' });
    assert.equal(guaranteeOf(contender('durable'), filesystem, resultsWith({})).powerLoss, 'memory');
  });
});
