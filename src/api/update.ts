import { abortable, settlePromptly } from '../base/abortable.js';
import { now, pause } from '../base/clock.js';
import type { SaveData } from '../base/data.js';
import {
  abortError,
  checkedInteger,
  indelibleError,
  invalidArgumentType,
  invalidArgumentValue,
  isError,
  outOfRange,
  type SaveError,
  withPublished,
} from '../base/errors.js';
import { failedWith } from '../base/fs-error.js';
import {
  oneOf,
  type ResolvedOptions,
  resolveOptions,
  SAVE_OPTIONS,
  type SaveOptions,
} from '../base/options.js';
import { type AbsolutePath, absolutePath, type PathLike } from '../base/path.js';
import { queueKey } from '../base/path-bytes.js';
import { requirePermission } from '../base/permission.js';
import { allOptionsBut } from '../base/refused-options.js';
import { modifiedError } from '../base/save-errors.js';
import type { Saved, SaveRequest } from '../base/save-request.js';
import { FirstTurn, type Turn, type WaitLimit } from '../base/wait-limit.js';
import { selectEngine } from '../engine/select.js';
import { type FileRead, LockedFile, type UpdateRequest } from '../fs/locked-file.js';
import { run, runSync } from '../fs/steps.js';
import type { Ahead } from '../fs/ticket-lock.js';
import { lookAfter } from './first-look.js';
import { requestOf } from './save.js';

/**
 * Options of `update`: those of `save` without `ifExists` and `followSymlinks`, and options for concurrent
 * updates.
 *
 * @category update
 */
export interface UpdateOptions extends Omit<SaveOptions, 'ifExists' | 'followSymlinks'> {
  /**
   * With an encoding, `change` gets a string, decoded as by `Buffer.toString`. Default: it gets a Buffer.
   */
  encoding?: BufferEncoding | null | undefined;
  /**
   * How long to wait for the lock in all, in milliseconds. Whatever other processes do, the call waits no
   * longer. Not counted: the time that reading, `change` and the save take, here and in earlier updates of
   * the file by this process, once those have ended. `Infinity`: no limit. Default 10,000.
   */
  timeout?: number | null | undefined;
  /**
   * How often to start again with the new content if another program modified the file after it was read.
   * `Infinity`: always. Default 0: the call rejects with `ERR_INDELIBLE_CHANGED`.
   */
  retries?: number | null | undefined;
  /**
   * Which other updates are kept out. `'everywhere'`: those of all machines that have the filesystem, by a
   * lock on a file `.indelible-lock` in the directory, which stays. `'machine'`: those on this machine. If
   * there is no such lock, the call rejects with `ERR_INDELIBLE_UNSUPPORTED`. `'thread'`: if the engine or the
   * filesystem has no lock, only the updates of the same path in this process are kept in order; with the
   * portable engine, only those in this thread.
   *
   * Default: `'everywhere'` on filesystems that machines share (NFS, SMB, GlusterFS, CephFS, sshfs …),
   * `'machine'` on all others. `inspect` says which.
   */
  lock?: 'everywhere' | 'machine' | 'thread' | null | undefined;
}

/**
 * The same with an encoding, so that the content comes as a string.
 *
 * @category update
 */
export type TextUpdateOptions = UpdateOptions & { encoding: BufferEncoding };

/**
 * The result of `change`: the new content, or `undefined` to change nothing.
 *
 * @category update
 */
export type Changed = SaveData | undefined;

const REFUSED = allOptionsBut([...SAVE_OPTIONS, 'timeout', 'retries', 'lock']);

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * A waiting update checks again after an eighth of the time that it has waited, within these limits. An update
 * with many before it waits longer: otherwise most of the processor time of a long queue is theirs.
 */
const MIN_PAUSE_MS = 1;
const PAUSE_PER_PLACE_MS = 0.5;
const MAX_PAUSE_MS = 20;

/**
 * Reads a file, calls `change` with the content, and saves the result. No concurrent update is lost: while
 * `change` runs, no other update of the file runs, in this process, in another one on this machine, or, on a
 * filesystem that machines share, on another machine (`lock`). The updates of one path in one process (with
 * the portable engine, in one thread) run in the order of the calls. Processes take turns, and so do machines.
 *
 * Guaranteed for the new content: the guarantees of `save`. The lock is on the file's name in its directory.
 * It ends with its holder, however the holder ends. On one machine it leaves nothing behind, otherwise the
 * empty file `.indelible-lock`.
 *
 * A server takes the lock from a machine that it no longer hears from, by default NFS after 90 s and GlusterFS
 * after 42 s; other machines wait so long. If that machine comes back, its update finds that another one has
 * changed the file, and saves nothing (`ERR_INDELIBLE_CHANGED`). Not guaranteed: that it does so if the other
 * update comes in the last moment, between the check of the file and the rename.
 *
 * Writers that do not use `update` (`save`, a `Saver`, an editor) are not kept out. If one of them modified
 * the file after it was read, nothing is saved, and the call rejects with `ERR_INDELIBLE_CHANGED` or starts
 * again (`retries`). Not guaranteed: that a modification is detected in the last microseconds, between the
 * check of the file and the rename.
 *
 * An update of the same file inside `change` waits for the outer update, until `timeout`.
 *
 * @param path made absolute at once. A symbolic link is followed: the lock is on its target. The file of
 *   another user in a sticky directory that others may write is not read (`EACCES`), except with `owner.uid`.
 * @param change gets the content, or `undefined` if the file does not exist. Returns the new content, or
 *   `undefined` to change nothing. It may be asynchronous. With `retries` it may be called more than once. If
 *   it throws, the call rejects with that error, and the file stays unchanged.
 * @param options a string is the encoding.
 * @returns the result of the save, or `undefined` if `change` returned `undefined`.
 * @throws {SaveError} as `save` rejects; also `ERR_INDELIBLE_LOCKED` after `timeout`,
 *   `ERR_INDELIBLE_CHANGED`, and `ERR_INDELIBLE_UNSUPPORTED` if there is no lock (`lock`).
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`,
 *   `ERR_OUT_OF_RANGE` for wrong arguments.
 *
 * @example
 * await update('counter', (count) => String(Number(count ?? 0) + 1), 'utf8');
 * @category update
 */
export function update(
  path: PathLike,
  change: (current: string | undefined) => Changed | Promise<Changed>,
  options: TextUpdateOptions | BufferEncoding,
): Promise<Saved | undefined>;
export function update(
  path: PathLike,
  change: (current: Buffer | undefined) => Changed | Promise<Changed>,
  options?: (UpdateOptions & { encoding?: null | undefined }) | null,
): Promise<Saved | undefined>;
export function update(
  path: PathLike,
  change: (current: string | Buffer | undefined) => Changed | Promise<Changed>,
  options: UpdateOptions | BufferEncoding | null | undefined,
): Promise<Saved | undefined>;
export async function update<Current extends string | Buffer>(
  path: PathLike,
  change: (current: Current | undefined) => Changed | Promise<Changed>,
  options?: UpdateOptions | BufferEncoding | null,
): Promise<Saved | undefined> {
  const call = resolveCall(path, change, options);
  const { updates } = selectEngine().engine;
  return await updates.run(queueKey(call.request.path), call.waitLimit, (turn) =>
    updateUnderLock(call, change, turn),
  );
}

/**
 * The same on the calling thread. It blocks the thread while another update has the lock.
 *
 * @throws as `update` rejects; `ERR_INDELIBLE_LOCKED` at once if an `update` of the same path is running in
 *   this thread, because `updateSync` would block it.
 * @category update
 */
export function updateSync(
  path: PathLike,
  change: (current: string | undefined) => Changed,
  options: TextUpdateOptions | BufferEncoding,
): Saved | undefined;
export function updateSync(
  path: PathLike,
  change: (current: Buffer | undefined) => Changed,
  options?: (UpdateOptions & { encoding?: null | undefined }) | null,
): Saved | undefined;
export function updateSync(
  path: PathLike,
  change: (current: string | Buffer | undefined) => Changed,
  options: UpdateOptions | BufferEncoding | null | undefined,
): Saved | undefined;
export function updateSync<Current extends string | Buffer>(
  path: PathLike,
  change: (current: Current | undefined) => Changed,
  options?: UpdateOptions | BufferEncoding | null,
): Saved | undefined {
  const call = resolveCall(path, change, options);
  if (selectEngine().engine.updates.hasActiveUpdate(queueKey(call.request.path))) {
    const { path: locked } = call.request;
    throw lockedError(
      locked,
      `Another update of '${locked}' is running in this thread, which updateSync would block`,
    );
  }
  return updateUnderLockSync(call, change);
}

/** An update, checked and with every default filled in. */
interface ResolvedCall {
  readonly request: UpdateRequest;
  readonly waitLimit: WaitLimit;
  readonly retries: number;
  /** Whether `change` gets a string. */
  readonly returnsText: boolean;
  readonly options: ResolvedOptions;
}

function resolveCall(
  path: PathLike,
  change: unknown,
  options: UpdateOptions | BufferEncoding | null | undefined,
): ResolvedCall {
  const absolute = absolutePath(path, 'path');
  if (typeof change !== 'function') throw invalidArgumentType('change', 'of type function', change);
  const given: UpdateOptions = typeof options === 'string' ? { encoding: options } : (options ?? {});
  const resolved = resolveOptions(given, REFUSED);
  const { ifExists, followSymlinks } = resolved;
  if (ifExists === 'fail') throw invalidArgumentValue('options.ifExists', "'replace'", ifExists);
  if (!followSymlinks) throw invalidArgumentValue('options.followSymlinks', 'true', followSymlinks);
  const timeout = given.timeout ?? DEFAULT_TIMEOUT_MS;
  if (typeof timeout !== 'number') throw invalidArgumentType('options.timeout', 'of type number', timeout);
  if (!(timeout >= 0)) throw outOfRange('options.timeout', '>= 0', timeout);
  const lock =
    given.lock === undefined || given.lock === null
      ? undefined
      : oneOf('options.lock', given.lock, ['everywhere', 'machine', 'thread']);
  const { signal, makeDirectories } = resolved;
  if (signal?.aborted) throw abortError(signal);
  requirePermission('fs.read', absolute);
  requirePermission('fs.write', absolute);
  return {
    request: { path: absolute, makeDirectories, lock, anyOwner: resolved.owner?.uid !== undefined },
    waitLimit: {
      timeout,
      signal,
      timeoutError: () =>
        lockedError(absolute, `Timed out after ${timeout} ms waiting for another update of '${absolute}'`),
    },
    retries: resolveRetries(given.retries),
    returnsText: typeof given.encoding === 'string',
    options: resolved,
  };
}

function resolveRetries(retries: number | null | undefined): number {
  if (retries === undefined || retries === null) return 0;
  return retries === Number.POSITIVE_INFINITY
    ? retries
    : checkedInteger('options.retries', retries, Number.MAX_SAFE_INTEGER);
}

async function updateUnderLock<Current extends string | Buffer>(
  call: ResolvedCall,
  change: (current: Current | undefined) => Changed | Promise<Changed>,
  turn: Turn,
): Promise<Saved | undefined> {
  const { engine, calls } = selectEngine();
  const { signal } = call.waitLimit;
  for (let attempt = 0; ; attempt += 1) {
    const file = new AsyncLockedFile(new LockedFile(calls, call.request));
    try {
      const read = await readUnderLock(file, call, turn);
      if (signal?.aborted) throw abortError(signal);
      const given = Promise.resolve(change(currentContent<Current>(call, read)));
      const request = saveRequestOf(call, await abortable(given, signal), read);
      return request && lookAfter(request, await engine.save(request));
    } catch (error) {
      if (attempt >= call.retries || !isConflict(error)) throw withPublished(changedOf(error, call), false);
    } finally {
      await file.release(signal);
      turn.hold(false);
    }
  }
}

function updateUnderLockSync<Current extends string | Buffer>(
  call: ResolvedCall,
  change: (current: Current | undefined) => Changed,
): Saved | undefined {
  const { engine, calls } = selectEngine();
  const turn = new FirstTurn();
  for (let attempt = 0; ; attempt += 1) {
    const file = new LockedFile(calls, call.request);
    try {
      const read = readUnderLockSync(file, call, turn);
      const request = saveRequestOf(call, change(currentContent<Current>(call, read)), read);
      return request && lookAfter(request, engine.saveSync(request));
    } catch (error) {
      if (attempt >= call.retries || !isConflict(error)) throw withPublished(changedOf(error, call), false);
    } finally {
      runSync(file.release());
      turn.hold(false);
    }
  }
}

/** A file that is read and released by steps that an aborted call does not wait for. */
class AsyncLockedFile {
  readonly #file: LockedFile;
  #reading: Promise<unknown> | undefined;

  constructor(file: LockedFile) {
    this.#file = file;
  }

  async read(signal: AbortSignal | undefined): Promise<FileRead | Ahead> {
    const reading = run(this.#file.read());
    this.#reading = reading;
    const settled = (): void => {
      this.#reading = undefined;
    };
    reading.then(settled, settled);
    return await abortable(reading, signal);
  }

  /**
   * Waits only if no step is under way. Otherwise the file is released behind that step. An aborted call does
   * not wait for a server either.
   */
  async release(signal: AbortSignal | undefined): Promise<void> {
    const release = () => run(this.#file.release());
    if (this.#reading !== undefined) {
      this.#reading.then(release, release).catch(() => undefined);
      return;
    }
    const aborted = signal?.aborted ? signal : undefined;
    await settlePromptly(release(), aborted, { cancel: () => true }).catch((error) => {
      if (aborted === undefined) throw error;
    });
  }
}

/** Reads the file after the earlier updates of other processes and threads have ended. */
async function readUnderLock(
  file: AsyncLockedFile,
  { waitLimit }: ResolvedCall,
  turn: Turn,
): Promise<FileRead> {
  const nextPause = pausesOf(waitLimit, turn);
  for (;;) {
    const read = await file.read(waitLimit.signal);
    if ('content' in read) {
      turn.hold(true);
      return read;
    }
    await abortable(pause(nextPause(read)), waitLimit.signal);
  }
}

function readUnderLockSync(file: LockedFile, { waitLimit }: ResolvedCall, turn: Turn): FileRead {
  const nextPause = pausesOf(waitLimit, turn);
  const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  for (;;) {
    const read = runSync(file.read());
    if ('content' in read) {
      turn.hold(true);
      return read;
    }
    Atomics.wait(never, 0, 0, nextPause(read));
  }
}

/**
 * A waiting update polls the lock, often at first, and again when the queue has moved.
 *
 * @returns a function that gets what comes first and returns the time until the next check, in milliseconds.
 *   It throws the timeout error.
 */
function pausesOf({ timeout, timeoutError }: WaitLimit, turn: Turn): (ahead: Ahead) => number {
  let last: bigint | undefined;
  let since = now();
  return ({ lock, places }) => {
    const left = timeout - turn.waited();
    if (left <= 0) throw timeoutError();
    if (lock !== last) since = now();
    last = lock;
    const pause = Math.max((now() - since) / 8, places * PAUSE_PER_PLACE_MS, MIN_PAUSE_MS);
    return Math.min(pause, MAX_PAUSE_MS, left);
  };
}

/** The content in the form that `change` expects. */
function currentContent<Current extends string | Buffer>(
  { returnsText, options }: ResolvedCall,
  { content }: FileRead,
): Current | undefined {
  // The overloads tie the type to the options.
  return (returnsText ? content?.toString(options.encoding) : content) as Current | undefined;
}

/** The request of a save that replaces only the version that was read. */
function saveRequestOf(call: ResolvedCall, changed: Changed, { version }: FileRead): SaveRequest | undefined {
  if (changed === undefined) return undefined;
  return { ...requestOf(call.request.path, changed, call.options), expected: version };
}

function isConflict(error: unknown): boolean {
  return failedWith(error, 'ERR_INDELIBLE_CHANGED') || isStale(error);
}

/** Another machine has replaced the file, and the server knows it no longer. */
function isStale(error: unknown): boolean {
  return failedWith(error, 'ESTALE') && !(isError(error) && 'published' in error && error.published);
}

function changedOf(error: unknown, { request }: ResolvedCall): unknown {
  return isStale(error) ? modifiedError(request.path) : error;
}

function lockedError(path: AbsolutePath, message: string): SaveError {
  return indelibleError('ERR_INDELIBLE_LOCKED', message, { syscall: 'flock', path });
}
