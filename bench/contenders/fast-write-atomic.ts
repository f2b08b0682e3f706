import fastWriteAtomic from 'fast-write-atomic';
import type { Contender } from 'indelible/contender';

export default {
  name: 'fast-write-atomic',
  description: 'npm library: write, fsync, rename; the directory is not synced',
  durability: 'ordered',
  package: 'fast-write-atomic',
  fullDisk: 'kept',
  crashed: 'fast-write-atomic',
  minor: true,
  save: (path, bytes) => fastWriteAtomic.promise(path, bytes),
} satisfies Contender;
