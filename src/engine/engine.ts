import type { Durability, Preserve, Protocol } from '../options.js';
import type { AbsolutePath } from '../path.js';
import type { StageTimer } from './stage-timer.js';

/** One save but its data, checked and with every default filled in: what the facade hands to an engine. */
export interface OpenRequest {
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
}

/** A save with all of its data. */
export interface SaveRequest extends OpenRequest {
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

/** What a change of names has achieved. */
export interface NameChange {
  /** What is really promised about power loss: `'none'` on tmpfs, whatever was asked. */
  durability: Durability;
}

/** What a `replaceDirectory` has done. */
export interface DirectoryReplaced {
  /** Whether a directory stood there before. */
  replaced: boolean;
  /** What is really promised about power loss: `'none'` on tmpfs, whatever was asked. */
  durability: Durability;
}

/**
 * A save whose data arrives in pieces: its temporary is there, and no thread waits. Each call is made when the one
 * before has settled; whatever fails, the save must be abandoned.
 */
export interface OpenSave {
  /** Writes all of the piece, which must not change meanwhile. */
  write(piece: Uint8Array): Promise<void>;
  /** Takes its place among the saves to its path, and publishes. */
  finish(): Promise<Saved>;
  /**
   * Removes what was written, unless it is published. May be called at any time, and again; does not reject. Any other
   * call rejects from then on.
   *
   * @param reason the error that led to it, if there is one.
   */
  abandon(reason: unknown): Promise<void>;
}

/** The same on the calling thread. */
export interface OpenSaveSync {
  write(piece: Uint8Array): void;
  finish(): Saved;
  abandon(reason: unknown): void;
}

/** What an update needs before there is anything to save. */
export interface UpdateRequest {
  readonly path: AbsolutePath;
  readonly makeDirectories: boolean;
  /** Whether updates of other threads and processes must be kept out, or only where that can be had. */
  readonly lock: 'machine' | 'thread';
}

/** What an update has found when its turn came. */
export interface FileRead {
  /** `undefined` if there is no file. */
  content: Buffer | undefined;
}

/** Reading, changing and saving one file. Each call is made when the one before has settled. */
export interface FileUpdate {
  /** What the file holds, or how many updates of others come first, at most: then to be asked again. */
  read(): Promise<FileRead | number>;
  /** Saves, if the file is still what was read; else it rejects with `ERR_INDELIBLE_CHANGED`. */
  save(request: SaveRequest): Promise<Saved>;
  /** Lets the next one go on. To be called once, whatever has happened. */
  end(): Promise<void>;
}

/** The same on the calling thread. */
export interface FileUpdateSync {
  read(): FileRead | number;
  save(request: SaveRequest): Saved;
  end(): void;
}

/** A file for the caller to write by its descriptor, until it is published. Each call is made when the one before has settled. */
export interface OpenedTemporary {
  readonly fd: number;
  readonly unnamed: boolean;
  /** As a save of what the file holds; the file stays open. */
  publish(request: OpenRequest): Promise<Saved>;
  publishSync(request: OpenRequest): Saved;
  /** Closes the descriptor, and removes what has a name of its own. Closing again does nothing. */
  close(): Promise<void>;
  closeSync(): void;
}

/** Where the facade and the two implementations of a save meet. Both give the same results and the same errors. */
export interface Engine {
  readonly name: 'native' | 'portable';
  /** Saves to one path are published in the order of the calls. */
  save(request: SaveRequest): Promise<Saved>;
  /** On the calling thread, after every save to this path that was called before. */
  saveSync(request: SaveRequest): Saved;
  /** Several on the calling thread, which share their directory syncs where the engine can. None throws. */
  saveGroupSync(requests: readonly SaveRequest[]): PromiseSettledResult<Saved>[];
  /** The beginning of a save whose data arrives in pieces. Its place in the order of the calls is that of `finish`. */
  open(request: OpenRequest): Promise<OpenSave>;
  openSync(request: OpenRequest): OpenSaveSync;
  /** Updates that are asked for in this thread one after the other are given their turn in that order. */
  update(request: UpdateRequest): FileUpdate;
  updateSync(request: UpdateRequest): FileUpdateSync;
  /** A file in the directory that is the request's path. */
  openTemporary(request: OpenRequest): Promise<OpenedTemporary>;
  openTemporarySync(request: OpenRequest): OpenedTemporary;
}

/** The result of a save that may throw. */
export function settled(save: () => Saved): PromiseSettledResult<Saved> {
  try {
    return { status: 'fulfilled', value: save() };
  } catch (reason) {
    return { status: 'rejected', reason };
  }
}
