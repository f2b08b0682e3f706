/** The implementations that `indelible bench` measures, in the order of its tables: one row each. */
import { writeFile } from 'node:fs/promises';
import type { Contender } from './contender.js';
import { saveByHand, saveByHandSync } from './textbook.js';

/** A contender whose library is loaded when it is needed. */
export interface ContenderRow extends Omit<Contender, 'save'> {
  /** Rejects with `ERR_MODULE_NOT_FOUND` where the library is not installed. */
  load(): Promise<Contender['save']>;
}

export const rows: readonly ContenderRow[] = [
  {
    name: 'atomically',
    description: 'npm library: write, fsync, rename; the directory is not synced',
    durability: 'ordered',
    package: 'atomically',
    fullDisk: 'cut off',
    crashed: 'atomically',
    minor: true,
    load: async () => (await import('atomically')).writeFile,
  },
  {
    name: 'fast-write-atomic',
    description: 'npm library: write, fsync, rename; the directory is not synced',
    durability: 'ordered',
    package: 'fast-write-atomic',
    fullDisk: 'kept',
    crashed: 'fast-write-atomic',
    minor: true,
    load: async () => (await import('fast-write-atomic')).default.promise,
  },
  {
    name: 'portable, durable',
    description: 'save() over the portable engine: sync-rename-sync on plain fs, with every check',
    durability: 'durable',
    package: 'indelible',
    fullDisk: 'kept',
    crashed: 'portable-save',
    minor: true,
    load: async () => (await import('#portable-save')).savePortably,
  },
  {
    name: 'save, durable',
    description: 'save() with durability durable: once it resolves, the new content survives power loss',
    durability: 'durable',
    package: 'indelible',
    fullDisk: 'kept',
    crashed: 'save',
    load: async () => {
      const { save } = await import('indelible');
      return (path, bytes) => save(path, bytes, { durability: 'durable' });
    },
  },
  {
    name: 'save, none',
    description: 'save() with durability none: atomic for other processes only',
    durability: 'none',
    package: 'indelible',
    fullDisk: 'kept',
    minor: true,
    load: async () => {
      const { save } = await import('indelible');
      return (path, bytes) => save(path, bytes, { durability: 'none' });
    },
  },
  {
    name: 'save, ordered',
    description:
      'save() with durability ordered: after power loss wholly old or wholly new, maybe not the newest',
    durability: 'ordered',
    package: 'indelible',
    fullDisk: 'kept',
    crashed: 'ordered',
    load: async () => {
      const { save } = await import('indelible');
      return (path, bytes) => save(path, bytes, { durability: 'ordered' });
    },
  },
  {
    name: 'saveSync, durable',
    description: 'saveSync(): the same as save() on the calling thread',
    durability: 'durable',
    package: 'indelible',
    fullDisk: 'kept',
    crashed: 'save-sync',
    minor: true,
    load: async () => {
      const { saveSync } = await import('indelible');
      return (path, bytes) => saveSync(path, bytes);
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
    name: 'textbook, sync',
    description: "by hand through Node's synchronous fs: write, fdatasync, rename, fsync of the directory",
    durability: 'durable',
    package: 'node',
    fullDisk: 'litter',
    crashed: 'textbook',
    minor: true,
    load: async () => saveByHandSync,
  },
  {
    name: 'textbook, async',
    description: "by hand through Node's fs/promises: write, fdatasync, rename, fsync of the directory",
    durability: 'durable',
    package: 'node',
    fullDisk: 'litter',
    crashed: 'textbook',
    load: async () => saveByHand,
  },
  {
    name: 'write-file-atomic',
    description: 'npm library: write, fsync, rename; the directory is not synced',
    durability: 'ordered',
    package: 'write-file-atomic',
    fullDisk: 'cut off',
    crashed: 'write-file-atomic',
    load: async () => (await import('write-file-atomic')).default,
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
  {
    name: 'fs.writeFile',
    description: "Node's own: overwritten in place, nothing is synced",
    durability: 'none',
    package: 'node',
    fullDisk: 'cut off',
    minor: true,
    load: async () => (path, bytes) => writeFile(path, bytes),
  },
];
