import { setTimeout as pause } from 'node:timers/promises';
import { abortable } from '../base/abortable.js';
import type { SaveData } from '../base/data.js';
import {
  abortError,
  indelibleError,
  invalidArgumentType,
  invalidArgumentValue,
  outOfRange,
  type SaveError,
} from '../base/errors.js';
import { oneOf, type ResolvedOptions, resolveOptions, type SaveOptions } from '../base/options.js';
import { type AbsolutePath, absolutePath, type PathLike } from '../base/path.js';
import { queueKey } from '../base/path-bytes.js';
import type { Saved, SaveRequest } from '../base/save-request.js';
import type { WaitLimit } from '../base/wait-limit.js';
import { selectEngine } from '../engine/select.js';
import { type FileRead, LockedFile, type UpdateRequest } from '../fs/locked-file.js';
import { run, runSync } from '../fs/steps.js';
import { requestOf } from './save.js';

/** Options of `update`: those of `save` but `ifExists` and `followSymlinks`, and how to meet others. */
export interface UpdateOptions extends Omit<SaveOptions, 'ifExists' | 'followSymlinks'> {
  /**
   * With an encoding the content comes as a string, decoded as `Buffer.toString` does. Default: it comes as a
   * Buffer.
   */
  encoding?: BufferEncoding | null | undefined;
  /**
   * How long to wait for the lock, in milliseconds, counted anew whenever one of the updates ahead has come
   * to its end; `Infinity` for ever. What `change` takes does not count. Default 10,000.
   */
  timeout?: number | undefined;
  /**
   * How often to begin again, with what the file then holds, when somebody else has changed it after it was
   * read. Default 0: it rejects with `ERR_INDELIBLE_CHANGED`.
   */
  retries?: number | undefined;
  /**
   * `'machine'`, the default: every other update on this machine is kept out, or the call is refused
   * (`ERR_INDELIBLE_UNSUPPORTED`). `'thread'`: where the engine or the filesystem has no lock, be content
   * with the order of the updates that this process makes under the same path; with the portable engine, this
   * thread.
   */
  lock?: 'machine' | 'thread' | undefined;
}

/** The same with an encoding, so that the content comes as a string. */
export type TextUpdateOptions = UpdateOptions & { encoding: BufferEncoding };

/** What a change comes to: the new content, or `undefined` for none. */
export type Changed = SaveData | undefined;

const DEFAULT_TIMEOUT_MS = 10_000;

/** A waiting update asks again after an eighth of what it has waited, in milliseconds, between these two. */
const MIN_PAUSE_MS = 1;
const MAX_PAUSE_MS = 20;

/**
 * Reads a file, has it changed, and saves what comes of it, so that no concurrent update is lost: while
 * `change` runs, no other update of the file does, in this process or any other on this machine. Those of one
 * process under one path are made in the order of the calls (with the portable engine, of one thread), and
 * processes take turns.
 *
 * Guaranteed for the new content: what `save` guarantees. The lock is on the file's name in its directory,
 * leaves nothing behind, and ends with its holder, however that ends.
 *
 * Writers that don't take part (`save`, a `Saver`, an editor) are not kept out. If one of them has changed
 * the file after it was read, nothing is saved, and the call rejects with `ERR_INDELIBLE_CHANGED` or begins
 * again (`retries`). Not guaranteed: that such a change is noticed in the last microseconds, between the look
 * at the file and the rename.
 *
 * An update of the same file inside of `change` waits for itself, until `timeout`.
 *
 * @param path made absolute at once. A symbolic link is followed: the lock is on its target.
 * @param change gets the content, or `undefined` if there is no file, and returns the new content, or
 *   `undefined` to leave everything as it is. It may be asynchronous. With `retries` it may be called more
 *   than once. What it throws, the call rejects with, and the file stays as it is.
 * @param options a string is the encoding.
 * @returns what the save has done, or `undefined` if `change` wanted none.
 * @throws {SaveError} as `save` rejects; also `ERR_INDELIBLE_LOCKED` after `timeout`,
 *   `ERR_INDELIBLE_CHANGED`, and `ERR_INDELIBLE_UNSUPPORTED` where there is no lock (`lock`).
 * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for wrong arguments.
 *
 * @example
 * await update('counter', (count) => String(Number(count ?? 0) + 1), 'utf8');
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
  return await updates.run(queueKey(call.request.path), call.waitLimit, () => updateUnderLock(call, change));
}

/**
 * The same on the calling thread, which it blocks while others have the lock.
 *
 * @throws as `update` rejects; `ERR_INDELIBLE_LOCKED` at once if an `update` of the same path is under way in
 *   this thread, which could not go on.
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
    throw lockedError(call.request.path, 'is under way in this thread, which updateSync would block');
  }
  return updateUnderLockSync(call, change);
}

/** An update, checked and with every default filled in. */
interface ResolvedCall {
  readonly request: UpdateRequest;
  readonly waitLimit: WaitLimit;
  readonly retries: number;
  /** The content comes as a string. */
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
  const resolved = resolveOptions(given);
  const { ifExists, followSymlinks } = resolved;
  if (ifExists === 'fail') throw invalidArgumentValue('options.ifExists', "'replace'", ifExists);
  if (!followSymlinks) throw invalidArgumentValue('options.followSymlinks', 'true', followSymlinks);
  const timeout = given.timeout ?? DEFAULT_TIMEOUT_MS;
  if (typeof timeout !== 'number') throw invalidArgumentType('options.timeout', 'of type number', timeout);
  if (!(timeout >= 0)) throw outOfRange('options.timeout', 'a number of milliseconds, 0 or more', timeout);
  const lock = oneOf('options.lock', given.lock, ['machine', 'thread']);
  const { signal, makeDirectories } = resolved;
  if (signal?.aborted) throw abortError(signal);
  return {
    request: { path: absolute, makeDirectories, lock },
    waitLimit: {
      timeout,
      signal,
      timeoutError: () => lockedError(absolute, `has not come to its end within ${timeout} ms`),
    },
    retries: resolveRetries(given.retries),
    returnsText: typeof given.encoding === 'string',
    options: resolved,
  };
}

function resolveRetries(retries: number | undefined): number {
  if (retries === undefined) return 0;
  if (typeof retries !== 'number') throw invalidArgumentType('options.retries', 'of type number', retries);
  if (!(Number.isInteger(retries) || retries === Number.POSITIVE_INFINITY) || retries < 0) {
    throw outOfRange('options.retries', 'a whole number, 0 or more, or Infinity', retries);
  }
  return retries;
}

async function updateUnderLock<Current extends string | Buffer>(
  call: ResolvedCall,
  change: (current: Current | undefined) => Changed | Promise<Changed>,
): Promise<Saved | undefined> {
  const { engine, calls } = selectEngine();
  const { signal } = call.waitLimit;
  for (let attempt = 0; ; attempt += 1) {
    const file = new LockedFile(calls, call.request);
    try {
      const read = await readUnderLock(file, call);
      if (signal?.aborted) throw abortError(signal);
      const given = Promise.resolve(change(currentContent<Current>(call, read)));
      const request = saveRequestOf(call, await abortable(given, signal), read);
      return request && (await engine.save(request));
    } catch (error) {
      if (attempt >= call.retries || !isConflict(error)) throw error;
    } finally {
      await run(file.release());
    }
  }
}

function updateUnderLockSync<Current extends string | Buffer>(
  call: ResolvedCall,
  change: (current: Current | undefined) => Changed,
): Saved | undefined {
  const { engine, calls } = selectEngine();
  for (let attempt = 0; ; attempt += 1) {
    const file = new LockedFile(calls, call.request);
    try {
      const read = readUnderLockSync(file, call);
      const request = saveRequestOf(call, change(currentContent<Current>(call, read)), read);
      return request && engine.saveSync(request);
    } catch (error) {
      if (attempt >= call.retries || !isConflict(error)) throw error;
    } finally {
      runSync(file.release());
    }
  }
}

/** What the file holds, when no other process's or thread's update comes first any more. */
async function readUnderLock(file: LockedFile, { waitLimit }: ResolvedCall): Promise<FileRead> {
  const turn = new LockWait(waitLimit);
  for (;;) {
    const read = await run(file.read());
    if (typeof read !== 'number') return read;
    await abortable(pause(turn.pauseBehind(read)), waitLimit.signal);
  }
}

function readUnderLockSync(file: LockedFile, { waitLimit }: ResolvedCall): FileRead {
  const turn = new LockWait(waitLimit);
  const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  for (;;) {
    const read = runSync(file.read());
    if (typeof read !== 'number') return read;
    Atomics.wait(never, 0, 0, turn.pauseBehind(read));
  }
}

/** The wait for other processes and threads, which can only be asked again and again how far it has got. */
class LockWait {
  readonly #patience: WaitLimit;
  #since = performance.now();
  #ahead = 0;

  constructor(patience: WaitLimit) {
    this.#patience = patience;
  }

  /**
   * @returns for how long to wait before asking again, in milliseconds.
   * @throws when patience is exhausted.
   */
  pauseBehind(ahead: number): number {
    const now = performance.now();
    if (ahead !== this.#ahead) this.#since = now;
    this.#ahead = ahead;
    const waited = now - this.#since;
    if (waited >= this.#patience.timeout) throw this.#patience.timeoutError();
    return Math.min(Math.max(waited / 8, MIN_PAUSE_MS), MAX_PAUSE_MS);
  }
}

/** The content in the form that `change` was declared to take. */
function currentContent<Current extends string | Buffer>(
  { returnsText, options }: ResolvedCall,
  { content }: FileRead,
): Current | undefined {
  // The overloads tie the type to the options.
  return (returnsText ? content?.toString(options.encoding) : content) as Current | undefined;
}

/** A save of the version that was read, and of no other. */
function saveRequestOf(call: ResolvedCall, changed: Changed, { version }: FileRead): SaveRequest | undefined {
  if (changed === undefined) return undefined;
  return { ...requestOf(call.request.path, changed, call.options), expected: version };
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_INDELIBLE_CHANGED';
}

function lockedError(path: AbsolutePath, why: string): SaveError {
  return indelibleError('ERR_INDELIBLE_LOCKED', `Another update of '${path}' ${why}`, {
    syscall: 'flock',
    path,
  });
}
