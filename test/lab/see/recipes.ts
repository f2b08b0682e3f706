import { copyFile, open, rename, unlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { save } from 'indelible';
import writeFileAtomic from 'write-file-atomic';
import type { Promised } from '../../../docs/see-it-work/recordings.js';
import { saveBySingleCommit, WRITE_BACK } from '../single-commit.js';
import { sync, syncDirectoryOf, writeTemporary } from '../textbook.js';

/** A way to save a file, to be recorded. */
export interface RecordedRecipe {
  id: string;
  title: string;
  /** One sentence: what it does. */
  summary: string;
  /** What its caller expects of a resolved promise; default: `'durable'`. */
  promises?: Promised;
  /** The filesystems on which it is recorded; default: all. */
  filesystems?: readonly string[];
  /** Functions that `save` calls. The page shows their code, too. */
  helpers?: readonly { toString(): string }[];
  /** @param otherFilesystem a directory on another filesystem. */
  save(path: string, content: Buffer, otherFilesystem: string): Promise<unknown>;
}

/** Where the textbook recipe is recorded with each combination of its steps (docs/see-it-work/combinations.ts). */
const COMBINED_ON = ['ext4', 'xfs'];

/** In the order of the page's menu. */
export const RECIPES: readonly RecordedRecipe[] = [
  {
    id: 'overwrite',
    title: 'fs.writeFile',
    summary: 'Cuts the file off at zero and writes the new version in its place.',
    save: (path, content) => writeFile(path, content),
  },
  {
    id: 'in-place',
    title: 'Overwritten in place',
    summary: 'Writes the new version over the old one without cutting it off first.',
    async save(path, content) {
      const file = await open(path, 'r+');
      await file.writeFile(content);
      await file.close();
    },
  },
  {
    id: 'rename-unsynced',
    title: 'Temporary and rename, no sync',
    summary: 'Writes a temporary file and renames it over the old one, and syncs nothing.',
    helpers: [writeTemporary],
    save: async (path, content) => rename(await writeTemporary(path, content, false), path),
  },
  {
    id: 'no-directory-sync',
    title: 'fdatasync and rename',
    summary: 'Syncs the temporary before the rename, and leaves out the sync of the directory.',
    helpers: [writeTemporary],
    save: async (path, content) => rename(await writeTemporary(path, content, true), path),
  },
  {
    id: 'write-file-atomic',
    title: 'write-file-atomic',
    summary: 'The npm package: fsync of a temporary, then rename.',
    save: (path, content) => writeFileAtomic(path, content),
  },
  {
    id: 'textbook',
    title: 'The textbook recipe',
    summary: 'Syncs the temporary, renames it, and syncs the directory.',
    helpers: [writeTemporary, syncDirectoryOf, sync],
    async save(path, content) {
      await rename(await writeTemporary(path, content, true), path);
      await syncDirectoryOf(path);
    },
  },
  {
    id: 'save',
    title: 'indelible, durable',
    summary: 'The default of this package: each step that this filesystem needs, and no more.',
    save: (path, content) => save(path, content),
  },
  {
    id: 'save-ordered',
    title: 'indelible, ordered',
    summary: 'Never torn, but after a crash the newest version may be missing.',
    promises: 'ordered',
    save: (path, content) => save(path, content, { durability: 'ordered' }),
  },
  {
    id: 'single-commit',
    title: 'Single commit, where it is wrong',
    summary: 'What indelible does on ext4 and XFS, forced onto btrfs, where it must not be used.',
    filesystems: ['btrfs'],
    helpers: [saveBySingleCommit],
    save: (path, content) => saveBySingleCommit(path, content, WRITE_BACK),
  },
  {
    id: 'copied-over',
    title: 'Temporary in /tmp, copied over',
    summary:
      'The temporary is on another filesystem: the rename fails with EXDEV, and the program copies instead.',
    async save(path, content, otherFilesystem) {
      const temporary = join(otherFilesystem, basename(path));
      await writeFile(temporary, content);
      try {
        await rename(temporary, path);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
        await copyFile(temporary, path);
        await unlink(temporary);
      }
    },
  },
  {
    id: 'rename-directory-synced',
    title: 'Temporary, rename, directory synced',
    summary: 'Syncs the directory after the rename, but not the temporary before it.',
    filesystems: COMBINED_ON,
    helpers: [writeTemporary, syncDirectoryOf, sync],
    async save(path, content) {
      await rename(await writeTemporary(path, content, false), path);
      await syncDirectoryOf(path);
    },
  },
  {
    id: 'overwrite-synced',
    title: 'fs.writeFile with flush',
    summary: 'Cuts the file off at zero, writes the new version in its place, and syncs the file.',
    filesystems: COMBINED_ON,
    save: (path, content) => writeFile(path, content, { flush: true }),
  },
  {
    id: 'overwrite-directory-synced',
    title: 'fs.writeFile, directory synced',
    summary: 'Cuts the file off at zero, writes the new version in its place, and syncs the directory.',
    filesystems: COMBINED_ON,
    helpers: [syncDirectoryOf, sync],
    async save(path, content) {
      await writeFile(path, content);
      await syncDirectoryOf(path);
    },
  },
  {
    id: 'overwrite-all-synced',
    title: 'fs.writeFile with flush, directory synced',
    summary: 'Cuts the file off at zero, writes the new version in its place, and syncs file and directory.',
    filesystems: COMBINED_ON,
    helpers: [syncDirectoryOf, sync],
    async save(path, content) {
      await writeFile(path, content, { flush: true });
      await syncDirectoryOf(path);
    },
  },
  {
    id: 'copied-over-synced',
    title: 'Synced in /tmp, copied over',
    summary: 'Syncs a temporary on another filesystem. The rename fails, and the program copies instead.',
    filesystems: COMBINED_ON,
    helpers: [moveFrom],
    save: (path, content, otherFilesystem) => moveFrom(otherFilesystem, path, content, true),
  },
  {
    id: 'copied-over-directory-synced',
    title: 'In /tmp, copied over, directory synced',
    summary:
      'The temporary is on another filesystem. The rename fails, the program copies, and syncs the directory.',
    filesystems: COMBINED_ON,
    helpers: [moveFrom, syncDirectoryOf, sync],
    async save(path, content, otherFilesystem) {
      await moveFrom(otherFilesystem, path, content, false);
      await syncDirectoryOf(path);
    },
  },
  {
    id: 'copied-over-all-synced',
    title: 'Synced in /tmp, copied over, directory synced',
    summary: 'The textbook recipe with its temporary on another filesystem, so that it copies over the file.',
    filesystems: COMBINED_ON,
    helpers: [moveFrom, syncDirectoryOf, sync],
    async save(path, content, otherFilesystem) {
      await moveFrom(otherFilesystem, path, content, true);
      await syncDirectoryOf(path);
    },
  },
];

/** Writes a temporary in `directory` and renames it to `path`, or copies it there if the rename fails with EXDEV. */
async function moveFrom(directory: string, path: string, content: Buffer, flush: boolean): Promise<void> {
  const temporary = join(directory, basename(path));
  await writeFile(temporary, content, { flush });
  try {
    await rename(temporary, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
    await copyFile(temporary, path);
    await unlink(temporary);
  }
}

/** The source of a recipe and of its helpers, as JavaScript. */
export function codeOf({ save: saving, helpers = [] }: RecordedRecipe): string {
  return [saving, ...helpers].map((one) => withoutIndentation(String(one))).join('\n\n');
}

/** Removes the indentation: the last line of a function is indented as far as its declaration. */
function withoutIndentation(source: string): string {
  const indentation = /\n( *)[^\n]*$/.exec(source)?.[1] ?? '';
  return source.replaceAll(`\n${indentation}`, '\n');
}
