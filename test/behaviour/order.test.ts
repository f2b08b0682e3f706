import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { save, saveSync } from '../../src/index.js';
import { ScratchDirectory } from '../scratch-directory.js';

const scratch = new ScratchDirectory();

function content(): string {
  return readFileSync(scratch.at('file'), 'utf8');
}

/** Asserts that a reader sees saves to one path version after version, and never an older one again. */
async function assertPublishedInOrder(saves: Promise<unknown>[], version: () => number): Promise<void> {
  let newest = 0;
  await Promise.all(
    saves.map(async (saving, index) => {
      await saving;
      const found = version();
      assert.ok(found >= index, `save ${index} has resolved, and the file still holds version ${found}`);
      assert.ok(found >= newest, `the file has gone back from version ${newest} to ${found}`);
      newest = found;
    }),
  );
  assert.equal(version(), saves.length - 1);
}

describe('saves to one path', () => {
  it('are published in the order of the calls', async () => {
    const saves = Array.from({ length: 200 }, (_, index) => save(scratch.at('file'), `${index}`));
    await assertPublishedInOrder(saves, () => Number(content()));
    assert.deepEqual(scratch.temporaries(), []);
  });

  it('are published in the order of the calls, also where a later one is much smaller', async () => {
    const sizes = [8_000_000, 1_000_000, 4_000_000, 10_000, 100, 2_000_000, 1];
    const saves = sizes.map((size, index) =>
      save(scratch.at('file'), Buffer.alloc(size, index), { durability: 'none' }),
    );
    await assertPublishedInOrder(saves, () => readFileSync(scratch.at('file'))[0] ?? -1);
    assert.equal(readFileSync(scratch.at('file')).length, 1);
  });

  it('are published in the order of the calls, whatever durability each has', async () => {
    const durabilities = ['durable', 'none', 'ordered', 'none', 'durable', 'none'] as const;
    const saves = Array.from({ length: 60 }, (_, index) =>
      save(scratch.at('file'), `${index}`, { durability: durabilities[index % durabilities.length] }),
    );
    await assertPublishedInOrder(saves, () => Number(content()));
  });

  it('are published in the order of the calls, however the path is spelled', async () => {
    const spellings = [
      scratch.at('file'),
      `${scratch.path}//file`,
      `${scratch.path}/./file`,
      `${scratch.path}/.//./file`,
    ];
    const saves = Array.from({ length: 80 }, (_, index) => {
      const spelling = spellings[index % spellings.length] ?? '';
      return save(index % 3 === 0 ? Buffer.from(spelling) : spelling, `${index}`);
    });
    await assertPublishedInOrder(saves, () => Number(content()));
  });

  it('continue after a failed save', async () => {
    const outcomes = await Promise.allSettled([
      save(scratch.at('file'), '0'),
      save(scratch.at('file'), '1', { ifExists: 'fail' }),
      save(scratch.at('file'), '2'),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.equal(content(), '2');
  });

  it('see what the save before has published', async () => {
    const [first, second] = await Promise.all([save(scratch.at('file'), '0'), save(scratch.at('file'), '1')]);
    assert.deepEqual([first.replaced, second.replaced], [false, true]);
  });
});

describe('saveSync', () => {
  it('comes after the pending saves to its path', async () => {
    const pending = Array.from({ length: 20 }, (_, index) => save(scratch.at('file'), `${index}`));
    saveSync(scratch.at('file'), 'last');
    assert.equal(content(), 'last');
    await Promise.all(pending);
    assert.equal(content(), 'last');
    assert.deepEqual(scratch.temporaries(), []);
  });

  it('comes after the pending saves to its path, at any stage of them', async () => {
    for (let turns = 0; turns < 60; turns += 1) {
      const pending = [
        save(scratch.at('file'), Buffer.alloc(100_000)),
        save(scratch.at('file'), 'earlier', { durability: 'none' }),
      ];
      for (let turn = 0; turn < turns; turn += 1) await nextTurn();
      saveSync(scratch.at('file'), 'last', { durability: 'none' });
      assert.equal(content(), 'last');
      await Promise.all(pending);
      assert.equal(content(), 'last', `after ${turns} turns of the event loop`);
    }
    assert.deepEqual(scratch.temporaries(), []);
  });

  it('comes before the saves to its path that are called later', async () => {
    const earlier = save(scratch.at('file'), 'earlier');
    saveSync(scratch.at('file'), 'between');
    const later = save(scratch.at('file'), 'later');
    await Promise.all([earlier, later]);
    assert.equal(content(), 'later');
  });

  it('does not change the outcome of a pending save that fails', async () => {
    saveSync(scratch.at('file'), 'old');
    const pending = save(scratch.at('file'), 'never', { ifExists: 'fail' });
    saveSync(scratch.at('file'), 'last');
    await assert.rejects(pending, { code: 'EEXIST', published: false });
    assert.equal(content(), 'last');
  });

  it('leaves pending saves to other paths alone', async () => {
    const other = save(scratch.at('other'), 'other');
    saveSync(scratch.at('file'), 'file');
    await other;
    assert.equal(readFileSync(scratch.at('other'), 'utf8'), 'other');
    assert.equal(content(), 'file');
  });
});
