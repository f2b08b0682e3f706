import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { engines } from '../engines.js';
import { missingFor } from '../lab/requirements.js';
import { mountSlowDisk } from '../lab/slow-disk/slow-disk.js';
import { Workspace } from '../lab/workspace.js';
import { ended, startProgram } from '../node-process.js';

const missing = missingFor('mkfs.btrfs', 'nbdkit', 'nbdfuse');
if (missing !== undefined) process.stderr.write(`directory-sync.test.ts is skipped: ${missing}\n`);

const PROCESSES = 8;
const ROUNDS = 250;

describe.skipIf(missing !== undefined)('on a btrfs where eight processes save into one directory', () => {
  let workspace: Workspace;

  beforeAll(async () => {
    workspace = await Workspace.create();
  });
  afterAll(async () => {
    await workspace.remove();
  });

  /** @returns the number of renames that were reported durable before the disk was flushed. */
  async function renameTogether(engine: string, ...operations: string[]): Promise<number> {
    const { directory, device = '' } = await mountSlowDisk(
      workspace,
      operations.join('-'),
      { format: 'btrfs' },
      1,
    );
    const stat = `/sys/block/${basename(device)}/stat`;
    // A sync without a flush can only happen in the first moments of a transaction
    // (native/platform/linux_directory_sync.cc).
    const committer = spawn('sh', ['-c', 'while sync --file-system "$0"; do :; done', directory]);
    const stopped = once(committer, 'exit');
    try {
      const processes = Array.from({ length: PROCESSES }, (_, index) =>
        ended(
          startProgram(
            'rename-and-sync.mjs',
            [operations[index % operations.length] ?? '', directory, stat, `file${index}`, `${ROUNDS}`],
            {
              INDELIBLE_ENGINE: engine,
            },
          ),
        ),
      );
      const outcomes = await Promise.all(processes);
      for (const { code, stderr } of outcomes) assert.deepEqual([code, stderr], [0, '']);
      return outcomes.reduce((sum, { stdout }) => sum + Number(stdout), 0);
    } finally {
      committer.kill();
      await stopped;
    }
  }

  if (engines.includes('native')) {
    it('the native engine syncs no directory without a flush of the disk', async () => {
      assert.equal(await renameTogether('native', 'directory'), 0);
    });
  }

  it('the portable engine saves nothing durably without a flush of the disk after the rename', async () => {
    assert.equal(await renameTogether('portable', 'save'), 0);
  });

  it('the portable engine replaces no symbolic link durably without a flush of the disk', async () => {
    assert.equal(await renameTogether('portable', 'replaceSymlink', 'save'), 0);
  });

  it('the portable engine replaces no directory durably without a flush of the disk', async () => {
    assert.equal(await renameTogether('portable', 'replaceDirectory'), 0);
  });
});
