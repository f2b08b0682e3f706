import { Writer } from 'steno';
import type { Contender } from '../../contender.js';

export default {
  name: 'steno',
  description: 'npm library: write, rename; nothing is synced',
  durability: 'none',
  save: (path, bytes) => new Writer(path).write(bytes),
} satisfies Contender;
