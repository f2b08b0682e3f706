import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { parseTemporaryName, temporaryName } from '../../src/fs/temporary-name.js';
import { thisProcess, thisProcessOn } from '../../src/fs/temporary-owner.js';

describe('the name of a temporary', () => {
  it('has at most 80 bytes', () => {
    assert.ok(temporaryName(true).length <= 80);
  });

  it('is unique', () => {
    const names = Array.from({ length: 1000 }, () => temporaryName(true));
    assert.equal(new Set(names).size, names.length);
  });

  it('records its process', () => {
    for (const local of [true, false]) {
      const kind = local ? 'local' : 'any';
      assert.deepEqual(parseTemporaryName(temporaryName(local)), { kind, owner: thisProcess() });
    }
  });

  it.skipIf(!existsSync('/proc/self/stat'))(
    'distinguishes a process from a later one with the same id',
    () => {
      const { processId, startTime, boot, namespaces } = thisProcess();
      assert.equal(processId, process.pid);
      assert.equal(`${startTime}`, readFileSync('/proc/self/stat', 'latin1').split(') ')[1]?.split(' ')[19]);
      for (const hash of [boot, namespaces]) assert.notEqual(hash, '00000000');
    },
  );

  it('is distinguished from all other names', () => {
    const others = [
      '',
      'file',
      '.indelible-abcdefghijklmnop',
      '.indelible-p-12-34-0123abcd-0123abcd',
      '.indelible-p-12-34-0123abcd-abcdefghijklmnop',
      '.indelible-p-12-34-0123abcd-0123abcd-abcdefghijklmnop.bak',
      '.indelible-p-12-34-0123ABCD-0123abcd-abcdefghijklmnop',
      '.indelible-p-x-34-0123abcd-0123abcd-abcdefghijklmnop',
      '.indelible-x-12-34-0123abcd-0123abcd-abcdefghijklmnop',
    ];
    for (const name of others) assert.equal(parseTemporaryName(name), undefined, name);
  });
});

describe('the name of a temporary on macOS and Windows', () => {
  const card = (mac: string, internal = false) => ({
    mac,
    internal,
    address: '10.0.0.1',
    netmask: '255.0.0.0',
    family: 'IPv4' as const,
    cidr: null,
  });

  it('records its process and machine', () => {
    const here = thisProcessOn('desk', { en0: [card('02:00:00:00:00:01')] });
    assert.equal(here.processId, process.pid);
    assert.deepEqual(thisProcessOn('desk', { en0: [card('02:00:00:00:00:01')] }), here);
    assert.notEqual(thisProcessOn('lap', { en0: [card('02:00:00:00:00:01')] }).boot, here.boot);
    assert.notEqual(thisProcessOn('desk', { en0: [card('02:00:00:00:00:02')] }).boot, here.boot);
  });

  it('records no owner if two machines with the same name cannot be distinguished', () => {
    const unknown = { processId: 0, startTime: 0, boot: '00000000', namespaces: '00000000' };
    assert.deepEqual(thisProcessOn('desk', {}), unknown);
    assert.deepEqual(thisProcessOn('desk', { lo0: [card('00:00:00:00:00:00', true)] }), unknown);
  });
});
