import { bytesOf, type SaveData } from '../base/data.js';
import { indelibleError, invalidArgumentType, invalidArgumentValue } from '../base/errors.js';
import { resolveOptions, type SaveOptions } from '../base/options.js';
import { absolutePath, type PathLike } from '../base/path.js';
import type { Saved } from '../base/save-request.js';
import { save } from './save.js';

/** Options of a `Saver`: those of `save` but `ifExists`, since a saver replaces what it has saved before. */
export interface SaverOptions<Value = SaveData> extends Omit<SaveOptions, 'ifExists'> {
  /**
   * Turns a value into bytes, when it is really written and not before: of ten thousand values in one go it
   * sees two. What it throws, or rejects with, counts as that save's failure. Default: the value is the data.
   */
  serialize?: ((value: Value) => SaveData | Promise<SaveData>) | undefined;
}

/**
 * The saves that one real save stands for: the newest value, and the promise that all their callers were
 * given.
 */
interface Batch<Value> {
  value: Value;
  readonly done: Promise<Saved>;
  readonly resolve: (saved: Saved | PromiseLike<Saved>) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Writes the latest of many values to one path. While a save is under way, newer values wait, and only the
 * newest of them is written next: ten thousand calls of `save` in one go cost two real saves.
 *
 * Guaranteed: a promise of `save` resolves only when its value, or one that was given later, is as durable as
 * `save` would have made it. Values are written in the order in which they were given.
 *
 * Not guaranteed: that every value is ever found in the file. Writers other than this saver are not looked
 * at: the last one wins.
 *
 * @example
 * await using settings = new Saver('settings.json', { serialize: JSON.stringify });
 * settings.save({ theme: 'dark' });
 */
export class Saver<Value = SaveData> implements AsyncDisposable {
  readonly #path: string | Buffer;
  readonly #serialize: ((value: Value) => SaveData | Promise<SaveData>) | undefined;
  readonly #options: SaveOptions;
  readonly #encoding: BufferEncoding;
  /** What the next real save will write. */
  #next: Batch<Value> | undefined;
  /** The latest one that was asked for, done or not. */
  #latest: Promise<unknown> = Promise.resolve();
  #saving = false;
  #closed = false;

  /**
   * @param path made absolute at once: a later `chdir` changes nothing.
   * @param options for every save; `signal` aborts all that is not published and every later one.
   * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for wrong arguments.
   */
  constructor(path: PathLike, options: SaverOptions<Value> = {}) {
    const { serialize, ...saveOptions } = options;
    if (serialize !== undefined && typeof serialize !== 'function') {
      throw invalidArgumentType('options.serialize', 'of type function', serialize);
    }
    this.#path = absolutePath(path, 'path');
    const { encoding, ifExists, keepPrevious } = resolveOptions(saveOptions);
    if (ifExists === 'fail') throw invalidArgumentValue('options.ifExists', "'replace'", ifExists);
    this.#options = { ...saveOptions, keepPrevious };
    this.#encoding = encoding;
    this.#serialize = serialize;
  }

  /**
   * Saves the value, or a newer one in its place.
   *
   * @param value with buffers, don't change one before the promise settles.
   * @returns resolves when this value or a newer one is durable. Callers that shared a real save get the same
   *   promise.
   * @throws (rejects) as `save` does, if the real save failed that stood for this value and no newer value
   *   waited, whose outcome is this one's otherwise; `ERR_INDELIBLE_CLOSED` after `close`; `TypeError` for a
   *   value that cannot be saved.
   */
  save(value: Value): Promise<Saved> {
    if (this.#closed) return Promise.reject(this.#closedError());
    if (this.#serialize === undefined) {
      try {
        // A wrong value is its own caller's mistake, not that of those who share the save.
        if (typeof value !== 'string') bytesOf(value as SaveData, this.#encoding);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    if (this.#next === undefined) {
      this.#next = batchOf(value);
      this.#latest = this.#next.done;
    } else {
      this.#next.value = value;
    }
    const { done } = this.#next;
    if (!this.#saving) void this.#saveBatches();
    return done;
  }

  /**
   * Waits until the latest value is durable.
   *
   * @throws (rejects) with the error of the latest value's save, if it failed: then the file does not hold
   *   it.
   */
  async flush(): Promise<void> {
    await this.#latest;
  }

  /**
   * Takes no more values, and waits for the latest as `flush` does. Nothing is open afterwards; closing again
   * only waits.
   */
  async close(): Promise<void> {
    this.#closed = true;
    await this.flush();
  }

  /** `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #saveBatches(): Promise<void> {
    this.#saving = true;
    for (let batch = this.#takeNext(); batch !== undefined; batch = this.#takeNext()) {
      try {
        const { value } = batch;
        const data = this.#serialize === undefined ? (value as SaveData) : await this.#serialize(value);
        batch.resolve(await save(this.#path, data, this.#options));
      } catch (error) {
        // A newer value that waits makes up for it.
        if (this.#next === undefined) batch.reject(error);
        else batch.resolve(this.#next.done);
      }
    }
    this.#saving = false;
  }

  #takeNext(): Batch<Value> | undefined {
    const batch = this.#next;
    this.#next = undefined;
    return batch;
  }

  #closedError(): Error {
    return indelibleError('ERR_INDELIBLE_CLOSED', 'The saver is closed', {
      syscall: 'save',
      path: this.#path,
    });
  }
}

function batchOf<Value>(value: Value): Batch<Value> {
  let resolve: Batch<Value>['resolve'] | undefined;
  let reject: Batch<Value>['reject'] | undefined;
  const done = new Promise<Saved>((...settle) => {
    [resolve, reject] = settle;
  });
  if (resolve === undefined || reject === undefined)
    throw new TypeError('a promise calls its executor at once');
  return { value, done, resolve, reject };
}
