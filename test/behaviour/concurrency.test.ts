import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { save } from '../../src/index.js';
import { ended, startWithLimit } from '../node-process.js';
import { ScratchDirectory } from '../scratch-directory.js';

const scratch = new ScratchDirectory();

describe('saves to many paths at once', () => {
  it('all succeed', async () => {
    const count = 300;
    const saved = await Promise.all(
      Array.from({ length: count }, (_, index) => save(scratch.at(`file${index}`), `content ${index}`)),
    );
    assert.equal(saved.length, count);
    for (let index = 0; index < count; index += 1) {
      assert.equal(readFileSync(scratch.at(`file${index}`), 'utf8'), `content ${index}`);
    }
    assert.equal(readdirSync(scratch.path).length, count);
  });

  it('may exceed the limit of open files', async () => {
    const { code, stderr } = await ended(startWithLimit('-n 256', 'save-many.mjs', [scratch.path, '2000']));
    assert.equal(code, 0, stderr);
    assert.equal(readdirSync(scratch.path).length, 2000);
  });

  it('may include many saves to each path', async () => {
    const saves = [];
    for (let version = 0; version < 10; version += 1) {
      for (let path = 0; path < 30; path += 1) {
        saves.push(save(scratch.at(`file${path}`), `${version}`, { durability: 'none' }));
      }
    }
    await Promise.all(saves);
    for (let path = 0; path < 30; path += 1)
      assert.equal(readFileSync(scratch.at(`file${path}`), 'utf8'), '9');
    assert.deepEqual(scratch.temporaries(), []);
  });

  it('fail independently of each other', async () => {
    const outcomes = await Promise.allSettled([
      save(scratch.at('one'), '1'),
      save(scratch.at('missing', 'two'), '2'),
      save(scratch.at('three'), '3'),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
  });
});
