import { type Durability, inspect } from '../src/index.js';

/**
 * The durability of a call that changes several directory entries together. It is none on a filesystem that
 * does not order its own writes (ext4 without a journal). The tests may run on such a filesystem.
 */
export async function durableIfOrdered(directory: string): Promise<Durability> {
  const { achieves, replaced } = (await inspect(directory)).protocol.durable;
  return replaced === 'held' ? 'none' : achieves;
}
