import { writeFile } from 'atomically';
import type { Contender } from 'indelible/contender';

export default {
  name: 'atomically',
  description: 'npm library: write, fsync, rename; the directory is not synced',
  durability: 'ordered',
  package: 'atomically',
  fullDisk: 'cut off',
  crashed: 'atomically',
  minor: true,
  save: (path, bytes) => writeFile(path, bytes),
} satisfies Contender;
