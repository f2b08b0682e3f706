import type { Contender } from 'indelible/contender';
import writeFileAtomic from 'write-file-atomic';

export default {
  name: 'write-file-atomic',
  description: 'npm library: write, fsync, rename; the directory is not synced',
  durability: 'ordered',
  package: 'write-file-atomic',
  fullDisk: 'cut off',
  crashed: 'write-file-atomic',
  save: (path, bytes) => writeFileAtomic(path, bytes),
} satisfies Contender;
