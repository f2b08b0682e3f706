import { save } from 'indelible';
import type { Contender } from 'indelible/contender';

export default {
  name: 'save, durable',
  description: 'save() with durability durable: once it resolves, the new content survives power loss',
  durability: 'durable',
  package: 'indelible',
  fullDisk: 'kept',
  crashed: 'save',
  save: (path, bytes) => save(path, bytes, { durability: 'durable' }),
} satisfies Contender;
