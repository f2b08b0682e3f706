import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { inspectSync } from '../../src/index.js';
import { isInMemory } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();

for (const { name, save } of forms) {
  describe(`the result of ${name}`, () => {
    it('names the absolute path that was asked for', async () => {
      const saved = await save(scratch.at('file'), 'new');
      assert.equal(saved.path, scratch.at('file'));
    });

    it('names the path as a Buffer if it was given as one', async () => {
      const path = Buffer.from(scratch.at('file'));
      const saved = await save(path, 'new');
      assert.deepEqual(saved.path, path);
    });

    it('counts bytes, not characters', async () => {
      const saved = await save(scratch.at('file'), 'grüße');
      assert.equal(saved.bytes, 7);
    });

    it('says whether a file was replaced', async () => {
      const first = await save(scratch.at('file'), 'old');
      const second = await save(scratch.at('file'), 'new');
      assert.deepEqual([first.replaced, second.replaced], [false, true]);
    });

    it('says that the save is durable', async (test) => {
      test.skip(isInMemory(scratch.path), 'no directory on a disk');
      const saved = await save(scratch.at('file'), 'new');
      assert.equal(saved.durability, 'durable');
    });

    it("says what was achieved where 'ordered' was asked for", async (test) => {
      test.skip(isInMemory(scratch.path), 'no directory on a disk');
      const saved = await save(scratch.at('file'), 'new', { durability: 'ordered' });
      // Not every filesystem has it: without a journal ext4 does not order its writes.
      assert.equal(saved.durability, inspectSync(scratch.path).protocol.ordered.achieves);
    });

    it("says 'none' and a bare rename where that was asked for", async () => {
      const saved = await save(scratch.at('file'), 'new', { durability: 'none' });
      assert.deepEqual([saved.durability, saved.protocol], ['none', 'rename']);
    });

    it('has exactly the documented fields', async () => {
      const saved = await save(scratch.at('file'), 'new');
      assert.deepEqual(Object.keys(saved).sort(), ['bytes', 'durability', 'path', 'protocol', 'replaced']);
    });
  });
}
