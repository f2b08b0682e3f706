import { access, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FileToSave } from 'indelible';
import { RENAME_EXCHANGE, renameat2, syncFileRange, syncfs } from 'indelible/primitives';
import type { Outcome, Scenario } from '../scenario.js';
import { WRITE_BACK } from '../single-commit.js';
import { saveByTextbook, sync, syncDirectoryOf, writeTemporary } from '../textbook.js';
import { savedTogether } from './save-together.js';
import { eightAtOnce, oneByOne } from './workloads.js';

const DURABLE: Outcome = { durability: 'durable' };

const RECIPES: Readonly<Record<string, Scenario>> = {
  // Many programs save this way. Each save syncs the directory by itself.
  'textbook-at-once': eightAtOnce('fdatasync, rename, fsync of the directory', saveByTextbook),

  // For btrfs: fsync of a file logs the names that it has got since the last fsync, so the directory is not
  // synced.
  'file-synced-again-at-once': eightAtOnce('fdatasync, rename, fsync of the file', async (path, content) => {
    await rename(await writeTemporary(path, content, true), path);
    await sync(path);
    return DURABLE;
  }),

  // The portable engine on btrfs, where the sync of a directory may return too early.
  'directory-and-file-at-once': eightAtOnce(
    'fdatasync, rename, fsync of the directory and of the file',
    async (path, content) => {
      const temporary = await writeTemporary(path, content, true);
      const file = await open(temporary, 'r');
      await rename(temporary, path);
      await syncDirectoryOf(path);
      await file.sync();
      await file.close();
      return DURABLE;
    },
  ),

  // For ext4 without a journal, which orders nothing: the old version keeps a name, and so its inode, until
  // the new version's name is on the medium. 48 files in one commit are the harder case than one file after
  // another.
  'exchange-then-unlink-together': savedTogether(
    'many files: fdatasync, exchange, fsync of each directory, unlink',
    exchangeThenUnlink,
  ),

  // For btrfs, which writes back the data of a file that is renamed over another (apart from
  // `flushoncommit`).
  'synced-unless-it-replaces': oneByOne(
    'rename of what replaces a file, fdatasync before that of a new one; fsync of the file and the directory',
    async (path, content) => {
      const replaces = await access(path).then(
        () => true,
        () => false,
      );
      await rename(await writeTemporary(path, content, !replaces), path);
      if (replaces) await sync(path);
      await syncDirectoryOf(path);
      return DURABLE;
    },
  ),

  // For btrfs: one commit of the whole filesystem, which waits for all ordered extents. It could replace the
  // first sync.
  'write-back-and-syncfs': oneByOne('write back, rename, syncfs', async (path, content) => {
    const temporary = await writeTemporary(path, content, false);
    const file = await open(temporary, 'r+');
    try {
      await syncFileRange(file.fd, 0, 0, WRITE_BACK);
      await rename(temporary, path);
    } finally {
      await file.close();
    }
    const directory = await open(dirname(path), 'r');
    try {
      await syncfs(directory.fd);
    } finally {
      await directory.close();
    }
    return DURABLE;
  }),
};

/** Recipes that the library does not use as they are, by name. Nothing is expected of them. */
export const EXPERIMENTS: Readonly<Record<string, Scenario>> = Object.fromEntries(
  Object.entries(RECIPES).map(([name, recipe]) => [name, { ...recipe, namedTemporaries: true }]),
);

async function exchangeThenUnlink(files: readonly FileToSave[]): Promise<Outcome[]> {
  const temporaries = await Promise.all(
    files.map(async ({ path, data }) => {
      if (!Buffer.isBuffer(data)) throw new TypeError('the content must be a Buffer');
      return { path: String(path), temporary: await writeTemporary(String(path), data, true) };
    }),
  );
  const exchanged: string[] = [];
  for (const { path, temporary } of temporaries) {
    try {
      await renameat2(temporary, path, RENAME_EXCHANGE);
      exchanged.push(temporary);
    } catch (error) {
      // A new file has no old version.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      await rename(temporary, path);
    }
  }
  for (const directory of new Set(temporaries.map(({ path }) => dirname(path)))) await sync(directory);
  for (const temporary of exchanged) await unlink(temporary);
  return files.map(() => DURABLE);
}
