import { type Saved, save, saveSync } from '../../src/index.js';

interface Form {
  name: 'save' | 'saveSync';
  save: (...args: Parameters<typeof saveSync>) => Promise<Saved>;
}

/** Both forms of the call, for tests that must hold for each. */
export const forms: Form[] = [
  { name: 'save', save },
  { name: 'saveSync', save: async (...args) => saveSync(...args) },
];
