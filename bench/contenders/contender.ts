import type { Durability } from 'indelible';

/** One implementation of a save: a row of `contenders.ts`, or the default export of a module of the user's. */
export interface Contender {
  /** As the tables show it: at most 17 columns. */
  name: string;
  /** In a sentence, what it does. */
  description: string;
  /** What it promises about power loss, on a filesystem that keeps what is synced, in the words of `save`. */
  durability: Durability;
  /** The package that it uses, for those that belong together. */
  package?: string;
  /** What has been seen of it on a full disk. */
  fullDisk?: FullDisk;
  /** What the crash lab calls the recipe, in `docs/crash-results.json`. */
  crashed?: string;
  /** Left out of the measurements by size and by number at once, unless everything is asked for. Default `false`. */
  minor?: boolean;
  /** Replaces the file, or creates it. Called for a path again only when the last call for it has settled. */
  save(path: string, bytes: Uint8Array): unknown;
}

/**
 * - `'kept'`: the save fails, and the old file is whole.
 * - `'litter'`: the same, but what was written is left beside it.
 * - `'cut off'`: the old file is gone and the new one incomplete.
 */
export type FullDisk = 'kept' | 'litter' | 'cut off';
