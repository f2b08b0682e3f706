import { rename, writeFile } from 'node:fs/promises';
import type { Control } from '../scenario.js';
import { START_WRITE_BACK, saveBySingleCommit, WRITE_BACK } from '../single-commit.js';
import { sync, syncDirectoryOf, writeTemporary } from '../textbook.js';
import { alone, inRounds, oneByOne } from './workloads.js';

/**
 * Large enough for btrfs to commit a transaction between the truncation and the end of the write, now and
 * then.
 */
const LARGE = 2_000_000;

/** Scenarios with a known fault, by name. The lab must catch each of them. */
export const CONTROLS: Readonly<Record<string, Control>> = {
  'no-directory-sync': {
    ...oneByOne('fdatasync, rename', async (path, content) => {
      await rename(await writeTemporary(path, content, true), path);
      return { durability: 'durable' };
    }),
    caughtOn: ['ext4', 'xfs', 'btrfs'],
  },
  'single-no-directory-sync': {
    ...alone({
      title: 'fdatasync, rename, alone: every state of its log',
      existing: { replaced: 5000 },
      rounds: 1,
      round: (volume) =>
        volume.save('replaced', 6000, async (path, content) => {
          await rename(await writeTemporary(path, content, true), path);
          return { durability: 'durable' };
        }),
    }),
    caughtOn: ['ext4', 'xfs', 'btrfs'],
  },
  'plain-overwrite': {
    ...inRounds({
      title: 'overwritten in place, fsync',
      existing: { overwritten: LARGE },
      rounds: 12,
      round: (volume, round) =>
        volume.save('overwritten', LARGE - round, async (path, content) => {
          await writeFile(path, content, { flush: true });
          return { durability: 'durable' };
        }),
    }),
    caughtOn: ['ext4', 'xfs', 'btrfs'],
  },
  'rename-before-data': {
    ...oneByOne('rename, fsync, fsync of the directory', async (path, content) => {
      await rename(await writeTemporary(path, content, false), path);
      await sync(path);
      await syncDirectoryOf(path);
      return { durability: 'durable' };
    }),
    caughtOn: ['ext4', 'xfs'],
  },
  'single-commit-unproven': {
    ...oneByOne('the single-commit protocol where it is not safe', (path, content) =>
      saveBySingleCommit(path, content, WRITE_BACK),
    ),
    caughtOn: ['btrfs', 'ext4-no-journal'],
  },
  'write-back-not-awaited': {
    ...oneByOne('sync_file_range without waiting, rename, sync of the directory', (path, content) =>
      saveBySingleCommit(path, content, START_WRITE_BACK),
    ),
    caughtOn: ['ext4', 'xfs'],
  },
};
