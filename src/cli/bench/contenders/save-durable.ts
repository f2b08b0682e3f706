import { save } from '../../../index.js';
import type { Contender } from '../contender.js';

export default {
  name: 'save, durable',
  description: 'save() with durability durable: once it resolves, the new content survives power loss',
  durability: 'durable',
  save: (path, bytes) => save(path, bytes, { durability: 'durable' }),
} satisfies Contender;
