import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { nativeUnavailable } from '../engines.js';
import { mountDisk, mountOverlay } from '../lab/filesystems.js';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';
import { contentOf, OLD } from './situations.js';
import { straceUnavailable } from './strace.js';
import { TracedSaver } from './traced-saver.js';

const unavailable = (await straceUnavailable()) ?? missingFor('mkfs.ext4') ?? nativeUnavailable;

// An overlay has ->flush (fs/overlayfs/file.c), so that close(2) can be the first call to report an error.
describe.skipIf(unavailable !== undefined)('a save of the native engine to an overlay', () => {
  let workspace: Workspace | undefined;
  let directory = '';

  beforeAll(async () => {
    workspace = await Workspace.create();
    const below = await mountDisk(workspace, 'below', { format: 'ext4' });
    ({ directory } = await mountOverlay(workspace, 'overlay', below));
  });
  afterAll(async () => {
    await workspace?.remove();
  });

  for (const form of ['save', 'saveSync', 'saveChunks', 'publishTemporarySync'] as const) {
    it(`rejects and publishes nothing when the file cannot be closed, in ${form}`, async () => {
      const options = { engine: 'native', environment: {} } as const;
      const saver = new TracedSaver(options, form, () => join(directory, 'traced'));
      try {
        const { outcome, names } = await saver.saveWith({
          step: 'close the file',
          error: 'EDQUOT',
          situation: 'replaces a file',
          expected: { rejects: 'EDQUOT', published: false },
        });
        const { code, syscall, published } = outcome.error ?? {};
        assert.deepEqual([code, syscall, published], ['EDQUOT', 'close', false]);
        assert.equal(contentOf(names.target), OLD);
        assert.deepEqual(readdirSync(names.directory), ['target']);
      } finally {
        await saver.stop();
      }
    });
  }
});
