import assert from 'node:assert/strict';

/**
 * A version of a file: a line with its number and a length, then one letter as many times. Torn content can
 * be detected.
 */
export function contentOf(version) {
  const length = (version * 7919) % 500_000;
  return Buffer.concat([Buffer.from(`${version} ${length}\n`), letters(version, length)]);
}

/** Fails if the content is not exactly one version, whole. Returns its number. */
export function assertWhole(content) {
  const end = content.indexOf('\n');
  const [, version, length] = /^(\d+) (\d+)$/.exec(content.subarray(0, end).toString('latin1')) ?? [];
  assert.ok(version !== undefined && length !== undefined, 'the file does not begin with its version');
  const body = content.subarray(end + 1);
  assert.equal(body.length, Number(length), `version ${version} has the wrong length`);
  assert.ok(body.equals(letters(Number(version), body.length)), `version ${version} is mixed with another`);
  return Number(version);
}

function letters(version, length) {
  return Buffer.alloc(length, 'a'.charCodeAt(0) + (version % 26));
}
