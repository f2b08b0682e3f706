import { writeFile } from 'node:fs/promises';
import type { Contender } from 'indelible/contender';

export default {
  name: 'writeFile + flush',
  description: "Node's own with flush: true: overwritten in place, then fsync",
  durability: 'none',
  package: 'node',
  fullDisk: 'cut off',
  crashed: 'plain-overwrite',
  minor: true,
  save: (path, bytes) => writeFile(path, bytes, { flush: true }),
} satisfies Contender;
