import { save } from 'indelible';
import type { Contender } from 'indelible/contender';

export default {
  name: 'save, none',
  description: 'save() with durability none: atomic for other processes only',
  durability: 'none',
  package: 'indelible',
  fullDisk: 'kept',
  minor: true,
  save: (path, bytes) => save(path, bytes, { durability: 'none' }),
} satisfies Contender;
