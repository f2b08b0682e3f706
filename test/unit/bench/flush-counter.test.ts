import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { FlushCounter } from '../../../bench/measure/flush-counter.js';
import { Machine } from '../../../src/filesystem/machine.js';
import { ScratchDirectory } from '../../scratch-directory.js';
import { disk } from './measured.js';

// Documentation/block/stat.rst: seventeen numbers, of which the sixteenth counts flushes.
const STAT = '1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 FLUSHES 17';

describe('the count of flushes', () => {
  const scratch = new ScratchDirectory();

  function machineWith(stats: Record<string, string>): Machine {
    for (const [number, stat] of Object.entries(stats)) {
      mkdirSync(scratch.at('dev', 'block', number), { recursive: true });
      writeFileSync(join(scratch.path, 'dev', 'block', number, 'stat'), `     ${stat}\n`);
    }
    return new Machine({ sysRoot: scratch.path });
  }

  it('is read from the statistics of the disk', () => {
    const machine = machineWith({ '8:0': STAT.replace('FLUSHES', '42') });
    assert.equal(FlushCounter.under(disk({}), machine)?.now(), 42);
  });

  it('is the sum of the disks below, for a device that only passes flushes on', () => {
    const machine = machineWith({
      '253:0': STAT.replace('FLUSHES', '1000'),
      '8:0': STAT.replace('FLUSHES', '40'),
      '8:16': STAT.replace('FLUSHES', '2'),
    });
    const below = [disk({}), disk({ name: 'sdb', minor: 16 })];
    const volume = disk({ kind: 'device-mapper', major: 253, below });
    assert.equal(FlushCounter.under(volume, machine)?.now(), 42);
  });

  it('is unknown if the kernel does not count flushes, or without a disk', () => {
    const machine = machineWith({ '8:0': '1 2 3 4 5 6 7 8 9 10 11' });
    assert.equal(FlushCounter.under(disk({}), machine), undefined);
    assert.equal(FlushCounter.under(undefined, machine), undefined);
  });
});
