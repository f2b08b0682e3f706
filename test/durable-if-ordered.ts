import { type Durability, inspect } from '../src/index.js';

/**
 * What can be promised about several names at once in a directory: nothing where nothing orders the filesystem's own
 * writes (ext4 without a journal), which these tests may well run on.
 */
export async function durableIfOrdered(directory: string): Promise<Durability> {
  const { achieves, replaced } = (await inspect(directory)).protocol.durable;
  return replaced === 'held' ? 'none' : achieves;
}
