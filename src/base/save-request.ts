import type { BigIntStats } from 'node:fs';
import type { Durability, Preserve, Protocol } from './options.js';
import type { AbsolutePath } from './path.js';
import type { StageTimer } from './stage-timer.js';

/** One save but its data, checked and with every default filled in: what the facade hands to an engine. */
export interface SaveParameters {
  readonly path: AbsolutePath;
  readonly durability: Durability;
  readonly ifExists: 'replace' | 'fail';
  /** Where the replaced version is kept; only with `'replace'`. */
  readonly keepPrevious: AbsolutePath | undefined;
  /** Twelve bits, exactly; `undefined` means those of the replaced file, or the default of a new one. */
  readonly mode: number | undefined;
  readonly owner: { uid: number; gid: number } | undefined;
  readonly preserve: Preserve;
  readonly followSymlinks: boolean;
  readonly makeDirectories: boolean;
  readonly strict: boolean;
  /** Forces the textbook where a cheaper protocol is proven. */
  readonly protocol: 'sync-rename-sync' | undefined;
  /** Not aborted yet when the engine gets it. */
  readonly signal: AbortSignal | undefined;
  /** Is told how long each stage takes; not set where nobody wants to know. */
  readonly timer?: StageTimer;
  /** Fails unless the target is this version when it is replaced. Default: whatever stands there. */
  readonly expected?: FileVersion | undefined;
}

/**
 * What tells one version of a file from the next: that there is none; the handle of the file that was read, from the native
 * engine; or what `lstat` says.
 */
export type FileVersion =
  | 'missing'
  | number
  | Readonly<Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs' | 'ctimeNs'>>;

/** A save with all of its data. */
export interface SaveRequest extends SaveParameters {
  readonly data: Uint8Array;
}

/** What a save has done. */
export interface Saved {
  /** The absolute path that was asked for: a Buffer if it was given as one. */
  path: AbsolutePath;
  /** How many bytes the file has now. */
  bytes: number;
  /** Whether a file stood there before. */
  replaced: boolean;
  /** What was really achieved: `'none'` on tmpfs, whatever was asked. */
  durability: Durability;
  /** The update protocol that ran. */
  protocol: Protocol;
}
