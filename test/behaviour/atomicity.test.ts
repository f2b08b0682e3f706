import assert from 'node:assert/strict';
import { closeSync, linkSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'vitest';
import { assertWhole, contentOf } from '../programs/version.mjs';
import { ScratchDirectory } from '../scratch-directory.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();

for (const { name: form, save } of forms) {
  describe(`while ${form} replaces a file`, () => {
    it('a reader finds one version or the next, always whole', async () => {
      await save(scratch.at('file'), contentOf(0));
      let saving = true;
      const versions: number[] = [];
      const reading = (async () => {
        while (saving) versions.push(assertWhole(await readFile(scratch.at('file'))));
      })();
      for (let version = 1; version <= 60; version += 1) {
        await save(scratch.at('file'), contentOf(version), { durability: 'none' });
        await new Promise(setImmediate);
      }
      saving = false;
      await reading;
      assert.deepEqual(
        versions,
        versions.toSorted((a, b) => a - b),
      );
    });

    it('a reader that has the old version open keeps reading it', async () => {
      writeFileSync(scratch.at('file'), 'old');
      const descriptor = openSync(scratch.at('file'), 'r');
      try {
        await save(scratch.at('file'), 'new');
        assert.equal(readFileSync(descriptor, 'utf8'), 'old');
      } finally {
        closeSync(descriptor);
      }
    });

    it('its other hard links keep the old version', async () => {
      writeFileSync(scratch.at('file'), 'old');
      linkSync(scratch.at('file'), scratch.at('other'));
      await save(scratch.at('file'), 'new');
      assert.equal(readFileSync(scratch.at('other'), 'utf8'), 'old');
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
    });
  });
}
