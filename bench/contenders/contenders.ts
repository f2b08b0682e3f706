import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { save, saveSync } from 'indelible';
import { savePortably } from '#portable-save';
import type { Contender } from './contender.js';
import { saveByTextbook, saveByTextbookSync } from './textbook.js';

/** A row of the table: an implementation whose library is not loaded yet. */
export interface ContenderRow extends Omit<Contender, 'save'> {
  /** Loads the library. Rejects with `ERR_MODULE_NOT_FOUND` if its package is not installed. */
  load(): Promise<Contender['save']>;
}

/** The version of an installed library. */
export function versionOf(library: string): string | undefined {
  let directory = new URL('.', import.meta.resolve(library));
  for (;;) {
    const manifest = manifestIn(directory);
    if (manifest?.name === library) return manifest.version;
    const parent = new URL('..', directory);
    if (parent.href === directory.href) return undefined;
    directory = parent;
  }
}

function manifestIn(directory: URL): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(new URL('package.json', directory), 'utf8'));
  } catch {
    return undefined;
  }
}

/** The implementations that the package brings, in the order of the report. */
export const CONTENDERS: readonly ContenderRow[] = [
  {
    name: 'save, durable',
    description: 'save() with durability durable: once it resolves, the new content survives power loss',
    durability: 'durable',
    package: 'indelible',
    fullDisk: 'kept',
    crashed: 'save',
    load: async () => (path, bytes) => save(path, bytes, { durability: 'durable' }),
  },
  {
    name: 'saveSync, durable',
    description: 'saveSync(): the same as save() on the calling thread',
    durability: 'durable',
    package: 'indelible',
    fullDisk: 'kept',
    crashed: 'save-sync',
    minor: true,
    load: async () => (path, bytes) => saveSync(path, bytes),
  },
  {
    name: 'portable, durable',
    description: 'save() over the portable engine: sync-rename-sync on plain fs, with every check',
    durability: 'durable',
    package: 'indelible',
    fullDisk: 'kept',
    crashed: 'portable-save',
    minor: true,
    load: async () => savePortably,
  },
  {
    name: 'save, ordered',
    description:
      'save() with durability ordered: after power loss wholly old or wholly new, maybe not the newest',
    durability: 'ordered',
    package: 'indelible',
    fullDisk: 'kept',
    crashed: 'ordered',
    load: async () => (path, bytes) => save(path, bytes, { durability: 'ordered' }),
  },
  {
    name: 'save, none',
    description: 'save() with durability none: atomic for other processes only',
    durability: 'none',
    package: 'indelible',
    fullDisk: 'kept',
    minor: true,
    load: async () => (path, bytes) => save(path, bytes, { durability: 'none' }),
  },
  {
    name: 'textbook, async',
    description:
      "the textbook recipe by hand through Node's fs/promises: write, fdatasync, rename, fsync of the directory",
    durability: 'durable',
    package: 'node',
    fullDisk: 'litter',
    crashed: 'textbook',
    load: async () => saveByTextbook,
  },
  {
    name: 'textbook, sync',
    description: 'the same by hand through the synchronous fs',
    durability: 'durable',
    package: 'node',
    fullDisk: 'litter',
    crashed: 'textbook',
    minor: true,
    load: async () => saveByTextbookSync,
  },
  {
    name: 'write-file-atomic',
    description: 'npm library: write, fsync, rename; the directory is not synced',
    durability: 'ordered',
    package: 'write-file-atomic',
    fullDisk: 'cut off',
    crashed: 'write-file-atomic',
    load: async () => {
      const { default: writeFileAtomic } = await import('write-file-atomic');
      return (path, bytes) => writeFileAtomic(path, bytes);
    },
  },
  {
    name: 'atomically',
    description: 'npm library: write, fsync, rename; the directory is not synced',
    durability: 'ordered',
    package: 'atomically',
    fullDisk: 'cut off',
    crashed: 'atomically',
    minor: true,
    load: async () => {
      const atomically = await import('atomically');
      return (path, bytes) => atomically.writeFile(path, bytes);
    },
  },
  {
    name: 'fast-write-atomic',
    description: 'npm library: write, fsync, rename; the directory is not synced',
    durability: 'ordered',
    package: 'fast-write-atomic',
    fullDisk: 'kept',
    crashed: 'fast-write-atomic',
    minor: true,
    load: async () => {
      const { default: fastWriteAtomic } = await import('fast-write-atomic');
      return (path, bytes) => fastWriteAtomic.promise(path, bytes);
    },
  },
  {
    name: 'steno',
    description: 'npm library: write, rename; nothing is synced',
    durability: 'none',
    package: 'steno',
    fullDisk: 'litter',
    crashed: 'steno',
    minor: true,
    load: async () => {
      const { Writer } = await import('steno');
      return (path, bytes) => new Writer(path).write(bytes);
    },
  },
  {
    name: 'fs.writeFile',
    description: "Node's own: overwritten in place, nothing is synced",
    durability: 'none',
    package: 'node',
    fullDisk: 'cut off',
    minor: true,
    load: async () => (path, bytes) => writeFile(path, bytes),
  },
  {
    name: 'writeFile + flush',
    description: "Node's own with flush: true: overwritten in place, then fsync",
    durability: 'none',
    package: 'node',
    fullDisk: 'cut off',
    crashed: 'plain-overwrite',
    minor: true,
    load: async () => (path, bytes) => writeFile(path, bytes, { flush: true }),
  },
];
