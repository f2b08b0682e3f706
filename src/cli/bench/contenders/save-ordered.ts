import { save } from '../../../index.js';
import type { Contender } from '../contender.js';

export default {
  name: 'save, ordered',
  description:
    'save() with durability ordered: after power loss wholly old or wholly new, maybe not the newest',
  durability: 'ordered',
  save: (path, bytes) => save(path, bytes, { durability: 'ordered' }),
} satisfies Contender;
