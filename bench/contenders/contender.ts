import type { Durability } from 'indelible';

/** An implementation: one way to save a file. The default export of a module that `--contender` names. */
export interface Contender {
  /** As the tables show it: at most 17 columns. */
  name: string;
  /** One sentence about what it does. */
  description: string;
  /** What it promises about power loss, on a filesystem that keeps what is synced, in the words of `save`. */
  durability: Durability;
  /** The package that the implementation uses. */
  package?: string;
  /** The version of that package, if it is an npm library. */
  version?: string;
  /** What it was seen to do on a full disk. */
  fullDisk?: FullDisk;
  /** The name of the same recipe in the crash lab's results, `docs/crash-results.json`. */
  crashed?: string;
  /** Left out of the measurements by size and by number at once, except with `--full`. Default `false`. */
  minor?: boolean;
  /** Replaces the file, or creates it. Not called for a path until the previous call for that path has settled. */
  save(path: string, bytes: Uint8Array): unknown;
}

/**
 * - `'kept'`: the save fails, and the old file is whole.
 * - `'litter'`: the same, but what was written is left beside it.
 * - `'cut off'`: the old file is gone and the new one incomplete.
 */
export type FullDisk = 'kept' | 'litter' | 'cut off';
