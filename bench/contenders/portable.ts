import type { Contender } from 'indelible/contender';
import { savePortably } from '#portable-save';

export default {
  name: 'portable, durable',
  description: 'save() over the portable engine: the textbook on plain fs, with every check',
  durability: 'durable',
  package: 'indelible',
  fullDisk: 'kept',
  crashed: 'portable-save',
  minor: true,
  save: savePortably,
} satisfies Contender;
