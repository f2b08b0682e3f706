import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, it } from 'vitest';
import { WIRE } from '../../src/addon/wire.js';
import { mayBeUnavailable } from '../../src/fs/optional-calls.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

const ROW = /\{OptionalCall::k\w+,\s*"([^"]+)",\s*(\w+),\s*((?:"[^"]+"\s*)+)/g;

/** The rows of the table in the source: name, the error besides those of all calls, what is done instead. */
const source = [...readFileSync(`${root}/native/save/optional_calls.cc`, 'utf8').matchAll(ROW)].map(
  ([, name, also, instead]) => [
    name,
    also === '0' ? '' : also,
    [...(instead ?? '').matchAll(/"([^"]+)"/g)].map(([, part]) => part).join(''),
  ],
);

const documented = [
  ...((readFileSync(`${root}/docs/platforms.md`, 'utf8').split('## Calls that Linux may lack')[1] ?? '')
    .split('\n## ', 1)[0]
    ?.matchAll(/^\| `([^`]+)` \| (?:`(\w+)`)? ?\| (.+) \|$/gm) ?? []),
].map(([, name, also, instead]) => [name, also ?? '', instead]);

function failure(code: string): Error {
  return Object.assign(new Error(code), { code });
}

describe('the table of optional calls', () => {
  it('is the same in the addon, on the wire and in the documentation', () => {
    assert.equal(source.length, WIRE.optionalCalls.length);
    assert.deepEqual(
      source.map(([name]) => name),
      WIRE.optionalCalls,
    );
    assert.deepEqual(documented, source);
  });

  it('never takes a failed disk or a full one for a missing call', () => {
    for (const call of ['syncDirectory', 'syncFilesystem', 'link', 'symlink', 'exchange', 'lock'] as const) {
      for (const code of ['EIO', 'ENOSPC', 'EDQUOT', 'ENOMEM', 'EROFS', 'ESTALE']) {
        assert.equal(mayBeUnavailable(call, failure(code)), false, `${call} ${code}`);
      }
    }
  });

  it('takes EACCES of a link for what it is where links are allowed', () => {
    assert.equal(mayBeUnavailable('link', failure('EACCES')), false);
  });
});
