import assert from 'node:assert/strict';

/**
 * Reads a file that a program of `test/programs` has written: a line with a version and a length, then one
 * letter repeated that many times. Fails if the file is not exactly one whole version.
 */
export function assertWhole(content: Buffer): number {
  const end = content.indexOf('\n');
  const [, version, length] = /^(\d+) (\d+)$/.exec(content.subarray(0, end).toString('latin1')) ?? [];
  assert.ok(version !== undefined && length !== undefined, 'the file does not begin with its version');
  const body = content.subarray(end + 1);
  assert.equal(body.length, Number(length), `version ${version} has the wrong length`);
  const letters = Buffer.alloc(body.length, 'a'.charCodeAt(0) + (Number(version) % 26));
  assert.ok(body.equals(letters), `version ${version} is mixed with another`);
  return Number(version);
}
