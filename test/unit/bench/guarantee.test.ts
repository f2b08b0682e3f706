import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { Contender } from '../../../bench/contenders/contender.js';
import { type CrashResults, guaranteeOf } from '../../../bench/measure/guarantee.js';
import { filesystemOn } from './measured.js';

const NO_FAULTS = { unmountable: 0, torn: 0, lost: 0, stale: 0, litter: 0 };

function resultsWith(faults: Partial<typeof NO_FAULTS>, mount = 'ext4'): CrashResults {
  const result = { name: 'recipe', mount, states: 200, faults: { ...NO_FAULTS, ...faults } };
  return { schema: 'indelible-crash/1', code: { library: '1.0.0' }, results: [result] };
}

function contender(durability: Contender['durability']): Contender {
  return {
    name: '',
    description: '',
    durability,
    package: 'library',
    version: '1.0.0',
    crashed: 'recipe',
    save: () => {},
  };
}

const onExt4 = (faults: Partial<typeof NO_FAULTS>, durability: Contender['durability'] = 'durable') =>
  guaranteeOf(contender(durability), filesystemOn(undefined), resultsWith(faults));

describe('the guarantee of an implementation', () => {
  it('is the result of the crash lab, with the litter', () => {
    assert.deepEqual(onExt4({ litter: 50 }), { powerLoss: 'survives', litter: 0.25, states: 200 });
    assert.equal(onExt4({}, 'ordered').powerLoss, 'old or new');
    assert.equal(onExt4({ stale: 1 }).powerLoss, 'loses saves');
    assert.equal(onExt4({ torn: 1, lost: 9 }).powerLoss, 'tears files');
  });

  it('is unknown on a filesystem that the crash lab does not test', () => {
    const results = resultsWith({}, 'xfs');
    assert.equal(guaranteeOf(contender('durable'), filesystemOn(undefined), results).powerLoss, 'untested');
  });

  it('on ext4 without a journal is not that on ext4 with one', () => {
    const filesystem = filesystemOn(undefined);
    filesystem.journal = { present: false, mode: undefined, external: false };
    assert.equal(guaranteeOf(contender('durable'), filesystem, resultsWith({})).powerLoss, 'untested');
  });

  it('is unknown of another version, of code that was not tested, and of no package', () => {
    const filesystem = filesystemOn(undefined);
    const durable = contender('durable');
    const { package: _, ...ofNoPackage } = durable;
    for (const other of [{ ...durable, version: '1.0.1' }, { ...durable, package: 'another' }, ofNoPackage]) {
      assert.equal(guaranteeOf(other, filesystem, resultsWith({})).powerLoss, 'untested');
    }
    const { code: __, ...withoutCode } = resultsWith({});
    assert.equal(guaranteeOf(durable, filesystem, withoutCode).powerLoss, 'untested');
  });

  it('in memory is none', () => {
    const filesystem = filesystemOn(undefined);
    filesystem.warnings.push({ code: 'memory', message: '' });
    assert.equal(guaranteeOf(contender('durable'), filesystem, resultsWith({})).powerLoss, 'memory');
  });
});
