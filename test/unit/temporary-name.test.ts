import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { parseTemporaryName, temporaryName, thisProcess } from '../../src/engine/portable/temporary-name.js';

describe('the name of a portable temporary', () => {
  it('is short, whatever the target is called', () => {
    assert.ok(temporaryName().length <= 70);
  });

  it('is another one each time', () => {
    const names = Array.from({ length: 1000 }, temporaryName);
    assert.equal(new Set(names).size, names.length);
  });

  it('says which process made it', () => {
    assert.deepEqual(parseTemporaryName(temporaryName()), thisProcess());
  });

  it.skipIf(!existsSync('/proc/self/stat'))('tells a process from a later one with the same number', () => {
    const { processId, startTime, system } = thisProcess();
    assert.equal(processId, process.pid);
    assert.equal(`${startTime}`, readFileSync('/proc/self/stat', 'latin1').split(') ')[1]?.split(' ')[19]);
    assert.notEqual(system, '00000000');
  });

  it('is told from all other names', () => {
    const others = [
      '',
      'file',
      '.indelible-abcdefghijklmnop',
      '.indelible-p-12-34-0123abcd',
      '.indelible-p-12-34-0123abcd-abcdefghijklmnop.bak',
      '.indelible-p-12-34-0123ABCD-abcdefghijklmnop',
      '.indelible-p-x-34-0123abcd-abcdefghijklmnop',
    ];
    for (const name of others) assert.equal(parseTemporaryName(name), undefined, name);
  });
});
