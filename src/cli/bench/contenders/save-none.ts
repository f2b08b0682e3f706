import { save } from '../../../index.js';
import type { Contender } from '../contender.js';

export default {
  name: 'save, none',
  description: 'save() with durability none: atomic for other processes only',
  durability: 'none',
  save: (path, bytes) => save(path, bytes, { durability: 'none' }),
} satisfies Contender;
