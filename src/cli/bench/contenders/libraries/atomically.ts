import { writeFile } from 'atomically';
import type { Contender } from '../../contender.js';

export default {
  name: 'atomically',
  description: 'npm library: write, fsync, rename; the directory is not synced',
  durability: 'ordered',
  save: (path, bytes) => writeFile(path, bytes),
} satisfies Contender;
