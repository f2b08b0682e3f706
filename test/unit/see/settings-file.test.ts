import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import {
  cellText,
  decodeFound,
  encodeFound,
  lengthOf,
  settingsText,
} from '../../../docs/see-it-work/settings-file.js';

const [oldBytes, newBytes] = (['old', 'new'] as const).map((version) => Buffer.from(settingsText(version)));

describe('what a file holds', () => {
  it('is recognised where it is a version, whole', () => {
    assert.ok(oldBytes !== undefined && newBytes !== undefined);
    assert.equal(decodeFound(encodeFound(oldBytes)).kind, 'old');
    assert.equal(decodeFound(encodeFound(newBytes)).kind, 'new');
    assert.equal(newBytes.length, lengthOf('new'));
  });

  it('is torn where it is a mixture, the right length or not', () => {
    assert.ok(oldBytes !== undefined && newBytes !== undefined);
    const mixed = Buffer.concat([newBytes.subarray(0, 4096), oldBytes.subarray(4096)]);
    assert.equal(encodeFound(mixed), '10240:n8o12');
    assert.equal(decodeFound('10240:n8o12').kind, 'torn');
    assert.equal(decodeFound(encodeFound(newBytes.subarray(0, 10_240))).kind, 'torn');
    assert.equal(encodeFound(Buffer.concat([newBytes.subarray(0, 512), Buffer.alloc(700)])), '1212:n1z2');
    assert.equal(encodeFound(Buffer.alloc(512, 'anything else')), '512:x1');
  });

  it('is empty without bytes', () => {
    assert.deepEqual(decodeFound(encodeFound(Buffer.alloc(0))), { kind: 'empty', length: 0, cells: [] });
  });

  it('is not found at another place in the file', () => {
    assert.ok(newBytes !== undefined);
    assert.equal(encodeFound(newBytes.subarray(512, 1024)), '512:x1');
  });

  it('is refused where cells and length disagree', () => {
    assert.throws(() => decodeFound('1024:n1'), /disagree/);
    assert.throws(() => decodeFound('something'), /not the content of a file/);
  });

  it('can be shown as text again', () => {
    assert.ok(oldBytes !== undefined);
    assert.equal(cellText('old', 3), oldBytes.toString('latin1', 3 * 512, 4 * 512));
  });
});
