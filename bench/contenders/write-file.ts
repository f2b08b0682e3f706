import { writeFile } from 'node:fs/promises';
import type { Contender } from 'indelible/contender';

export default {
  name: 'fs.writeFile',
  description: "Node's own: overwritten in place, nothing is synced",
  durability: 'none',
  package: 'node',
  fullDisk: 'cut off',
  minor: true,
  save: (path, bytes) => writeFile(path, bytes),
} satisfies Contender;
