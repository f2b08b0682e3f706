import { saveSync } from '../../../index.js';
import type { Contender } from '../contender.js';

export default {
  name: 'saveSync, durable',
  description: 'saveSync(): the same as save() on the calling thread',
  durability: 'durable',
  save: (path, bytes) => saveSync(path, bytes),
} satisfies Contender;
