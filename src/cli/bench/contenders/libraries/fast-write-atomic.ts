import fastWriteAtomic from 'fast-write-atomic';
import type { Contender } from '../../contender.js';

export default {
  name: 'fast-write-atomic',
  description: 'npm library: write, fsync, rename; the directory is not synced',
  durability: 'ordered',
  save: (path, bytes) => fastWriteAtomic.promise(path, bytes),
} satisfies Contender;
