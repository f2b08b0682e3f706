import type { Contender } from 'indelible/contender';
import { Writer } from 'steno';

export default {
  name: 'steno',
  description: 'npm library: write, rename; nothing is synced',
  durability: 'none',
  package: 'steno',
  fullDisk: 'litter',
  crashed: 'steno',
  minor: true,
  save: (path, bytes) => new Writer(path).write(bytes),
} satisfies Contender;
