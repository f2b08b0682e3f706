import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { isRoot } from '../machine.js';
import { ended, startProgram } from '../node-process.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { assertSameOutcome } from './same-outcome.js';

const scratch = new ScratchDirectory();

const USER = { uid: 1234, gid: 1234 };
const FORMS = [0, 1];

type Call = readonly [path: string, data: string, options?: object];

async function callAsUser(library: string, dropIn: boolean, calls: readonly Call[]): Promise<unknown> {
  chmodSync(scratch.path, 0o755);
  const program = startProgram('call-drop-ins.mjs', [JSON.stringify({ library, dropIn, ...USER, calls })]);
  const { code, stdout, stderr } = await ended(program);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** For each form of the call. */
function make(path: string, mode: number, uid: number, gid: number): void {
  for (const form of FORMS) {
    writeFileSync(`${path}-${form}`, 'old');
    chownSync(`${path}-${form}`, uid, gid);
    chmodSync(`${path}-${form}`, mode);
  }
}

describe.skipIf(!isRoot)('in a process without privileges', () => {
  it.each(['write-file-atomic', 'atomically'])('the drop-in for %s does the same', (library) => {
    const prepare = (at: (name: string) => string): void => {
      chmodSync(at(''), 0o777);
      make(at('own'), 0o640, USER.uid, USER.gid);
      make(at('own-unreadable'), 0o000, USER.uid, USER.gid);
      make(at('foreign'), 0o644, 4321, 4321);
      make(at('foreign-with-mode'), 0o600, 4321, 4321);
      make(at('foreign-open'), 0o666, 4321, 4321);
      mkdirSync(at('closed'), { mode: 0o755 });
      make(at('closed/file'), 0o666, USER.uid, USER.gid);
      mkdirSync(at('secret'), { mode: 0o700 });
    };
    const calls = (at: (name: string) => string): Call[] => [
      [at('own'), 'new'],
      [at('own-unreadable'), 'new'],
      [at('foreign'), 'new'],
      [at('foreign-open'), 'new'],
      [at('foreign-with-mode'), 'new', { mode: 0o664 }],
      [at('new'), 'new'],
      [at('new-with-mode'), 'new', { mode: 0o666 }],
      [at('new-of-root'), 'new', { chown: { uid: 0, gid: 0 } }],
      [at('new-of-group'), 'new', { chown: { uid: USER.uid, gid: 5678 } }],
      [at('new-own'), 'new', { chown: USER }],
      [at('closed/file'), 'new', { timeout: 0 }],
      [at('closed/new'), 'new', { timeout: 0 }],
      [at('secret/new'), 'new', { timeout: 0 }],
    ];
    return assertSameOutcome(scratch.path, false, true, { what: '', prepare }, (dropIn, at) =>
      callAsUser(library, dropIn, calls(at)),
    );
  });

  it('the drop-in for steno does the same', () => {
    const prepare = (at: (name: string) => string): void => {
      chmodSync(at(''), 0o777);
      make(at('own'), 0o644, USER.uid, USER.gid);
      make(at('foreign'), 0o644, 4321, 4321);
      mkdirSync(at('closed'), { mode: 0o755 });
    };
    return assertSameOutcome(scratch.path, false, true, { what: '', prepare }, (dropIn, at) =>
      callAsUser(
        'steno',
        dropIn,
        ['own', 'foreign', 'new', 'closed/new'].map((name) => [at(name), 'new']),
      ),
    );
  });

  it.each(['write-file-atomic', 'atomically'])(
    'the drop-in for %s takes rights away that were meant for an owner who is not kept',
    async (library) => {
      mkdirSync(scratch.at('directory'));
      chmodSync(scratch.at('directory'), 0o777);
      make(scratch.at('directory', 'file'), 0o640, 4321, 4321);
      await callAsUser(library, true, [[scratch.at('directory', 'file'), 'new']]);
      for (const form of FORMS) {
        const { uid, mode } = statSync(scratch.at('directory', `file-${form}`));
        assert.deepEqual([uid, (mode & 0o7777).toString(8)], [USER.uid, '600']);
      }
    },
  );
});
