import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { describe, it } from 'vitest';
import { createSaveStream, openTemporary, saveSync, update } from '../../src/index.js';
import { MEMORY } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { hasMachineLock, opensTemporaries } from './engine-under-test.js';

/** The locks of all processes, proc_locks(5). */
const LOCKS = '/proc/locks';

/** Whether any process has a lock on the file. */
function isLocked(path: string): boolean {
  const { ino } = statSync(path);
  return readFileSync(LOCKS, 'latin1')
    .split(/\s+/)
    .some((field) => field.endsWith(`:${ino}`));
}

// In memory every temporary has a name, by which the test finds it.
describe.skipIf(!existsSync(LOCKS) || !existsSync(MEMORY))('no lock of another program is refused', () => {
  const scratch = new ScratchDirectory(() => MEMORY);
  const onlyTemporary = () => scratch.at(scratch.temporaries()[0] ?? 'missing');

  it('on a file that a stream has published, because the stream never locks it', async () => {
    const stream = createSaveStream(scratch.at('file'));
    await new Promise((resolve) => stream.write('content', resolve));
    assert.equal(isLocked(onlyTemporary()), false);
    await new Promise((resolve) => stream.end(resolve));
    assert.equal(isLocked(scratch.at('file')), false);
  });

  it.skipIf(!opensTemporaries)('on a temporary file, before and after its link', async () => {
    const file = await openTemporary(scratch.path);
    assert.equal(isLocked(onlyTemporary()), false);
    await file.link(scratch.at('file'));
    assert.equal(isLocked(scratch.at('file')), false);
  });

  it.skipIf(!hasMachineLock)(
    'on a file that an update changes, which locks the directory alone',
    async () => {
      saveSync(scratch.at('file'), 'old');
      await update(scratch.at('file'), () => {
        assert.equal(isLocked(scratch.path), true);
        assert.equal(isLocked(scratch.at('file')), false);
        return 'new';
      });
      assert.equal(isLocked(scratch.path), false);
    },
  );
});
