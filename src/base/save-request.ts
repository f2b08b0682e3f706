import type { BigIntStats } from 'node:fs';
import type { Durability, Protocol, ResolvedOwner, ResolvedPreserve } from './options.js';
import type { AbsolutePath } from './path.js';
import type { StageTimer } from './stage-timer.js';

/** A save without its data, checked and with every default filled in. The facade passes it to an engine. */
export interface SaveParameters {
  readonly path: AbsolutePath;
  readonly durability: Durability;
  readonly ifExists: 'replace' | 'fail';
  /** The path at which the replaced version is kept. Only with `'replace'`. */
  readonly keepPrevious: AbsolutePath | undefined;
  /** Twelve bits, exactly. `undefined`: the mode of the replaced file, or `createMode` less the umask. */
  readonly mode: number | undefined;
  readonly createMode: number;
  readonly owner: ResolvedOwner | undefined;
  readonly preserve: ResolvedPreserve;
  readonly followSymlinks: boolean;
  readonly makeDirectories: boolean;
  readonly strict: boolean;
  /** The save fails with `EACCES` unless the process may write the file that exists, as `fs.writeFile` does. */
  readonly onlyIfWritable: boolean;
  /** Forces `sync-rename-sync` where a cheaper protocol is proven. */
  readonly protocol: 'sync-rename-sync' | undefined;
  /** After the save, the facade looks for what killed programs have left in the directory. */
  readonly sweep: boolean;
  /** Not aborted when the engine gets the request. */
  readonly signal: AbortSignal | undefined;
  /** Measures how long each stage takes. Only set when the save is observed. */
  readonly timer?: StageTimer;
  /** The save fails unless the target is this version when it is replaced. Default: any version. */
  readonly expected?: FileVersion | undefined;
}

/**
 * Identifies one version of a file:
 * - `'missing'`: the file does not exist;
 * - a number: the handle of the file that was read, from the native engine;
 * - an object: the result of `lstat`.
 */
export type FileVersion =
  | 'missing'
  | number
  | Readonly<Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs'>>;

/** A save with all of its data. */
export interface SaveRequest extends SaveParameters {
  readonly data: Uint8Array;
  /** The size of `data` when the save was called. It is smaller later if its buffer is lost. */
  readonly size: number;
}

/**
 * The result of a save.
 *
 * @category save
 */
export interface Saved {
  /** The absolute path that was given: a Buffer if it was given as one. */
  path: AbsolutePath;
  /** The size of the file, in bytes. */
  bytes: number;
  /** Whether an existing file was replaced. */
  replaced: boolean;
  /** The durability that was achieved: `'none'` on tmpfs, whatever was requested. */
  durability: Durability;
  /** The update protocol that ran. */
  protocol: Protocol;
}
