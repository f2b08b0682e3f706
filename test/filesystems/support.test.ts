import assert from 'node:assert/strict';
import { closeSync, constants, fsyncSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { inspect } from '../../src/api/inspect.js';
import {
  openTmpfileSync,
  RENAME_EXCHANGE,
  RENAME_NOREPLACE,
  renameat2Sync,
} from '../../src/api/primitives.js';
import type { Support } from '../../src/filesystem/support.js';
import { nativeUnavailable } from '../engines.js';
import { command } from '../lab/command.js';
import { mountDisk, mountFuse, mountOverlay, mountTmpfs } from '../lab/filesystems.js';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';

const missing = missingFor('mkfs.ext4', 'mkfs.xfs', 'mkfs.btrfs', 'bindfs') ?? nativeUnavailable;
if (missing !== undefined) process.stderr.write(`support.test.ts is skipped: ${missing}\n`);

/** The features that really work, found out by trying each. */
async function tryEverything(directory: string): Promise<Record<keyof Support, boolean>> {
  const [one, other] = [join(directory, 'one'), join(directory, 'other')];
  writeFileSync(one, 'one');
  const noReplace = works(() => renameat2Sync(one, other, RENAME_NOREPLACE));
  writeFileSync(noReplace ? one : other, 'another');
  return {
    noReplace,
    exchange: works(() => renameat2Sync(one, other, RENAME_EXCHANGE)),
    unnamedTemporaries: works(() => closeSync(openTmpfileSync(directory))),
    directorySync: works(() => syncDirectory(directory)),
    extendedAttributes: await command('setfattr', '-n', 'user.tried', '-v', 'yes', one).then(
      () => true,
      () => false,
    ),
  };
}

function works(operation: () => void): boolean {
  try {
    operation();
    return true;
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error);
    assert.match(String(error.code), /^(EINVAL|EOPNOTSUPP|ENOTSUP|ENOSYS)$/);
    return false;
  }
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

describe.skipIf(missing !== undefined)('the list of supported features in inspect', () => {
  let workspace: Workspace;

  beforeAll(async () => {
    workspace = await Workspace.create();
  });
  afterAll(async () => {
    await workspace.remove();
  });

  /** Asserts both directions: features reported as supported work, and the others do not. */
  async function assertTrue(directory: string): Promise<Support> {
    const { supports } = await inspect(directory);
    const found = await tryEverything(directory);
    const claims = Object.entries(supports).filter(([, answer]) => answer !== 'unknown');
    assert.deepEqual(
      claims,
      claims.map(([feature]) => [feature, found[feature as keyof Support]]),
    );
    return supports;
  }

  for (const format of ['ext4', 'xfs', 'btrfs'] as const) {
    it(`is correct on ${format}, and on an overlay on top of it`, async () => {
      const disk = await mountDisk(workspace, format, { format });
      const supports = await assertTrue(disk.directory);
      assert.ok(!Object.values(supports).includes('unknown'));
      await assertTrue((await mountOverlay(workspace, `overlay-${format}`, disk)).directory);
    });
  }

  it('is correct on tmpfs and ramfs', async () => {
    await assertTrue((await mountTmpfs(workspace, 'tmpfs')).directory);
    const ramfs = workspace.path('ramfs');
    await command('mkdir', ramfs);
    await command('mount', '-t', 'ramfs', 'ramfs', ramfs);
    await assertTrue(ramfs);
  });

  it('is unknown on FUSE, where it depends on the serving program', async () => {
    const { directory } = await mountFuse(workspace, 'fuse');
    const { supports } = await inspect(directory);
    assert.deepEqual(new Set(Object.values(supports)), new Set(['unknown']));
  });
});
