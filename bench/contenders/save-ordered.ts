import { save } from 'indelible';
import type { Contender } from 'indelible/contender';

export default {
  name: 'save, ordered',
  description:
    'save() with durability ordered: after power loss wholly old or wholly new, maybe not the newest',
  durability: 'ordered',
  package: 'indelible',
  fullDisk: 'kept',
  crashed: 'ordered',
  save: (path, bytes) => save(path, bytes, { durability: 'ordered' }),
} satisfies Contender;
