import assert from 'node:assert/strict';
import { closeSync, constants, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Decision, decide } from '../../src/filesystem/decision.js';
import { SYNCS_THAT_SHOW_NO_FAST_COMMIT } from '../../src/filesystem/ext4-proof.js';
import { thisMachine } from '../../src/filesystem/machine.js';
import { findInspectedPath } from '../../src/fs/plain/inspected-path.js';
import { run } from '../../src/fs/steps.js';
import { saveSync } from '../../src/index.js';
import { nativeUnavailable } from '../engines.js';
import { command } from '../lab/command.js';
import {
  attachLoop,
  type Disk,
  format,
  type Mounted,
  makeImage,
  mountDevice,
  mountDisk,
  mountFuse,
  mountOverlay,
  mountTmpfs,
} from '../lab/filesystems.js';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';

const missing =
  missingFor('mkfs.ext4', 'mkfs.xfs', 'mkfs.btrfs', 'bindfs') ??
  (thisMachine.isLinux(6, 1) ? undefined : 'needs Linux 6.1');
if (missing !== undefined) process.stderr.write(`protocol.test.ts is skipped: ${missing}\n`);

async function decideIn(directory: string, syncs = 0): Promise<Decision> {
  return decide(await run(findInspectedPath(Buffer.from(directory))), syncs);
}

/** A durable save by the textbook recipe, as another program might make it. */
function saveDurably(directory: string): void {
  const temporary = join(directory, 'temporary');
  writeFileSync(temporary, 'content', { flush: true });
  renameSync(temporary, join(directory, 'file'));
  const descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  fsyncSync(descriptor);
  closeSync(descriptor);
}

const FAST_COMMIT = { format: 'ext4', mkfs: ['-O', 'fast_commit'] } satisfies Disk;

const plan = ({ durable }: Decision) => `${durable.protocol}, ${durable.temporary}, ${durable.achieves}`;

describe.skipIf(missing !== undefined)('the chosen protocol', () => {
  let workspace: Workspace;
  let count = 0;

  beforeAll(async () => {
    workspace = await Workspace.create();
  });
  afterAll(async () => {
    await workspace.remove();
  });

  async function mount(disk: Disk): Promise<string> {
    count += 1;
    return (await mountDisk(workspace, `disk${count}`, disk)).directory;
  }

  for (const [what, disk] of [
    ['ext4 in its default mode', { format: 'ext4' }],
    ['ext4 without delayed allocation', { format: 'ext4', mount: 'nodelalloc' }],
  ] as const) {
    it(`is the single commit on unnamed temporaries on ${what}, after the first saves`, async () => {
      const directory = await mount(disk);
      for (let saves = 0; saves < SYNCS_THAT_SHOW_NO_FAST_COMMIT; saves += 1) {
        const decision = await decideIn(directory, saves);
        assert.equal(plan(decision), 'sync-rename-sync, named, durable');
        assert.equal(decision.ordered.protocol, 'single-commit');
        assert.equal(decision.provisional, true);
        saveDurably(directory);
      }
      const decision = await decideIn(directory, SYNCS_THAT_SHOW_NO_FAST_COMMIT);
      assert.equal(plan(decision), 'single-commit, unnamed, durable');
      assert.deepEqual(decision.ordered, { ...decision.durable, achieves: 'ordered' });
      assert.equal(decision.provisional, false);
    });
  }

  for (const [what, disk] of [
    ['ext4 with data=journal', { format: 'ext4', mount: 'data=journal' }],
    ['ext4 with data=journal and fast_commit', { ...FAST_COMMIT, mount: 'data=journal' }],
    ['XFS', { format: 'xfs' }],
  ] as const) {
    it(`is the single commit on unnamed temporaries on ${what}, from the first save`, async () => {
      const decision = await decideIn(await mount(disk));
      assert.equal(plan(decision), 'single-commit, unnamed, durable');
      assert.deepEqual(decision.ordered, { ...decision.durable, achieves: 'ordered' });
      assert.equal(decision.provisional, false);
    });
  }

  it('is the single commit on ext4 with fast_commit, but never on unnamed temporaries', async () => {
    const directory = await mount(FAST_COMMIT);
    const fresh = await decideIn(directory);
    assert.equal(plan(fresh), 'sync-rename-sync, named, durable');
    assert.equal(fresh.provisional, true);
    for (let saves = 1; saves <= SYNCS_THAT_SHOW_NO_FAST_COMMIT; saves += 1) {
      saveDurably(directory);
      const decision = await decideIn(directory, saves);
      assert.equal(plan(decision), 'single-commit, named, durable');
      assert.equal(decision.provisional, false);
    }
  });

  for (const [what, disk, promise, code] of [
    ['ext4 without a journal', { format: 'ext4', mkfs: ['-O', '^has_journal'] }, 'durable', 'no-journal'],
    ['ext4 with data=writeback', { format: 'ext4', mount: 'data=writeback' }, 'durable', 'data-writeback'],
    ['ext4 with nobarrier', { format: 'ext4', mount: 'nobarrier' }, 'none', 'no-barriers'],
    ['btrfs', { format: 'btrfs' }, 'durable', undefined],
    ['btrfs with nobarrier', { format: 'btrfs', mount: 'nobarrier' }, 'none', 'no-barriers'],
  ] as const) {
    it(`is sync-rename-sync on ${what}`, async () => {
      const decision = await decideIn(await mount(disk), SYNCS_THAT_SHOW_NO_FAST_COMMIT);
      const temporary = disk.format === 'btrfs' && thisMachine.isLinux(6, 15) ? 'unnamed' : 'named';
      assert.equal(plan(decision), `sync-rename-sync, ${temporary}, ${promise}`);
      assert.deepEqual(
        decision.warnings.map((warning) => warning.code),
        code === undefined ? [] : [code],
      );
    });
  }

  it('is sync-rename-sync if ext4 commits its journal asynchronously', async () => {
    const directory = await mount({
      format: 'ext4',
      mount: 'journal_checksum,journal_async_commit,data=journal',
    });
    assert.equal(plan(await decideIn(directory, 3)), 'sync-rename-sync, named, durable');
  });

  it('is sync-rename-sync if unsafe options are defaults that the mount table leaves out', async () => {
    const disk: Disk = { format: 'ext4' };
    const image = workspace.path('defaults.img');
    await makeImage(image, 64 * 2 ** 20);
    await command('mkfs.ext4', '-q', '-F', image);
    await command('tune2fs', '-o', 'journal_data_writeback', image);
    const { directory } = await mountDevice(workspace, 'defaults', disk, await attachLoop(image));
    const decision = await decideIn(directory, SYNCS_THAT_SHOW_NO_FAST_COMMIT);
    assert.doesNotMatch(decision.evidence[0]?.says ?? '', /writeback/);
    assert.equal(plan(decision), 'sync-rename-sync, named, durable');
    assert.equal(decision.warnings[0]?.code, 'data-writeback');
  });

  it('is sync-rename-sync if the journal is on another device', async () => {
    const journal = workspace.path('journal.img');
    await makeImage(journal, 64 * 2 ** 20);
    const device = await attachLoop(journal);
    await command('mke2fs', '-q', '-F', '-b', '4096', '-O', 'journal_dev', device);
    const directory = await mount({ format: 'ext4', mkfs: ['-J', `device=${device}`] });
    assert.equal(plan(await decideIn(directory, 3)), 'sync-rename-sync, named, durable');
  });

  it('is a rename on tmpfs, which promises nothing', async () => {
    const { directory } = await mountTmpfs(workspace, 'tmpfs');
    const decision = await decideIn(directory);
    assert.equal(plan(decision), 'rename, named, none');
    assert.deepEqual(decision.ordered, decision.durable);
  });

  it('is sync-rename-sync on an overlay, and promises nothing if the overlay is volatile', async () => {
    const disk = await mountDisk(workspace, 'upper', { format: 'ext4' });
    const overlay = await mountOverlay(workspace, 'overlay', disk);
    assert.equal(plan(await decideIn(overlay.directory, 3)), 'sync-rename-sync, named, durable');
    const unsynced = await mountOverlay(workspace, 'volatile', disk, 'volatile');
    assert.equal(plan(await decideIn(unsynced.directory, 3)), 'sync-rename-sync, named, none');
  });

  it('promises nothing on an overlay that keeps its changes in memory', async () => {
    const memory: Mounted = await mountTmpfs(workspace, 'memory');
    const { directory } = await mountOverlay(workspace, 'on-memory', memory);
    assert.equal(plan(await decideIn(directory, 3)), 'sync-rename-sync, named, none');
  });

  it('is sync-rename-sync on FUSE, with a warning', async () => {
    const { directory } = await mountFuse(workspace, 'fuse');
    const decision = await decideIn(directory, 3);
    assert.equal(plan(decision), 'sync-rename-sync, named, ordered');
    assert.deepEqual(
      decision.warnings.map(({ code }) => code),
      ['fuse'],
    );
  });

  it('changes with the options of a remount', async () => {
    const directory = await mount({ format: 'ext4' });
    assert.equal((await decideIn(directory)).ordered.protocol, 'single-commit');
    await command('mount', '-o', 'remount,nobarrier', directory);
    assert.equal(plan(await decideIn(directory)), 'sync-rename-sync, named, none');
    await command('mount', '-o', 'remount,barrier', directory);
    assert.equal((await decideIn(directory)).ordered.protocol, 'single-commit');
  });

  describe.skipIf(nativeUnavailable !== undefined)('after a change of the mount table', () => {
    const save = (directory: string) => saveSync(join(directory, 'file'), 'content');
    const saveUntilKnown = (directory: string): void => {
      for (let saves = 0; saves < SYNCS_THAT_SHOW_NO_FAST_COMMIT; saves += 1)
        assert.equal(save(directory).protocol, 'sync-rename-sync');
      assert.equal(save(directory).protocol, 'single-commit');
    };

    it('is still the one that earlier saves have shown to be enough, where other mounts have changed', async () => {
      const directory = await mount({ format: 'ext4' });
      saveUntilKnown(directory);
      await mountTmpfs(workspace, 'another');
      // Older kernels do not tell whether the mount is still the same (statmount(2)).
      const expected = thisMachine.isLinux(6, 11) ? 'single-commit' : 'sync-rename-sync';
      assert.equal(save(directory).protocol, expected);
    });

    it('is chosen again where the options of the mount have changed', async () => {
      const directory = await mount({ format: 'ext4' });
      saveUntilKnown(directory);
      await command('mount', '-o', 'remount,nobarrier', directory);
      const { protocol, durability } = save(directory);
      assert.deepEqual({ protocol, durability }, { protocol: 'sync-rename-sync', durability: 'none' });
    });

    it('is chosen again for another filesystem on the same device at the same path', async () => {
      const disk = await mountDisk(workspace, 'again', { format: 'ext4' });
      saveUntilKnown(disk.directory);
      await command('umount', disk.directory);
      assert.ok(disk.device !== undefined);
      await format(FAST_COMMIT, disk.device);
      await command('mount', disk.device, disk.directory);
      assert.equal(save(disk.directory).protocol, 'sync-rename-sync');
    });
  });

  it('is the same below a bind mount', async () => {
    const directory = await mount({ format: 'xfs' });
    const bound = workspace.path('bound');
    await command('mkdir', bound);
    await command('mount', '--bind', directory, bound);
    assert.equal(plan(await decideIn(bound)), 'single-commit, unnamed, durable');
  });
});
