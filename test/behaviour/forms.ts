import { type Saved, save, saveSync } from '../../src/index.js';

interface Form {
  name: 'save' | 'saveSync';
  save: (...args: Parameters<typeof saveSync>) => Promise<Saved>;
}

/** Both ways to call, for what must be the same either way. */
export const forms: Form[] = [
  { name: 'save', save },
  { name: 'saveSync', save: async (...args) => saveSync(...args) },
];
