import writeFileAtomic from 'write-file-atomic';
import type { Contender } from '../../contender.js';

export default {
  name: 'write-file-atomic',
  description: 'npm library: write, fsync, rename; the directory is not synced',
  durability: 'ordered',
  save: (path, bytes) => writeFileAtomic(path, bytes),
} satisfies Contender;
