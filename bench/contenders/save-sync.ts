import { saveSync } from 'indelible';
import type { Contender } from 'indelible/contender';

export default {
  name: 'saveSync, durable',
  description: 'saveSync(): the same as save() on the calling thread',
  durability: 'durable',
  package: 'indelible',
  fullDisk: 'kept',
  crashed: 'save-sync',
  minor: true,
  save: (path, bytes) => saveSync(path, bytes),
} satisfies Contender;
