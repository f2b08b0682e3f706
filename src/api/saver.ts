import { bytesOf, type SaveData } from '../base/data.js';
import { indelibleError, invalidArgumentType, invalidArgumentValue, withPublished } from '../base/errors.js';
import {
  optionsObject,
  type ResolvedOptions,
  resolveOptions,
  SAVE_OPTIONS,
  type SaveOptions,
} from '../base/options.js';
import { absolutePath, type PathLike } from '../base/path.js';
import { allOptionsBut } from '../base/refused-options.js';
import type { Saved } from '../base/save-request.js';
import { save } from './save.js';

/**
 * Options of a `Saver`: those of `save` without `ifExists`, because a saver replaces what it has saved.
 *
 * @category Saver
 */
export interface SaverOptions<Value = SaveData> extends Omit<SaveOptions, 'ifExists'> {
  /**
   * Turns a value into data. It is called only for values that are written: for ten thousand values in one
   * tick, it is called twice. If it throws or rejects, the save of that value fails. Default: the value is
   * the data.
   */
  serialize?: ((value: Value) => SaveData | Promise<SaveData>) | null | undefined;
}

const REFUSED = allOptionsBut([...SAVE_OPTIONS, 'serialize']);

/**
 * The calls that share one save: the newest value, and the promise that all callers get.
 */
interface Batch<Value> {
  value: Value;
  readonly done: Promise<Saved>;
  readonly resolve: (saved: Saved | PromiseLike<Saved>) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Writes the latest of many values to one path. While a save is running, newer values wait, and only the
 * newest of them is written next: ten thousand calls of `save` in one tick cost two saves of the file.
 *
 * Guaranteed: a promise of `save` resolves only when its value or a later one is as durable as the function
 * `save` makes it. Values are written in the order of the calls.
 *
 * Not guaranteed: that every value is in the file at some time. The saver does not check for other writers:
 * the last writer wins.
 *
 * @example
 * await using settings = new Saver('settings.json', { serialize: JSON.stringify });
 * settings.save({ theme: 'dark' });
 * @category Saver
 */
export class Saver<Value = SaveData> implements AsyncDisposable {
  readonly #path: string | Buffer;
  readonly #serialize: ((value: Value) => SaveData | Promise<SaveData>) | undefined;
  readonly #options: ResolvedOptions;
  /** The calls that the next save of the file includes. */
  #next: Batch<Value> | undefined;
  /** The promise of the latest value, settled or not. */
  #latest: Promise<unknown> = Promise.resolve();
  #saving = false;
  #closed = false;

  /**
   * @param path made absolute at once: a later `chdir` changes nothing.
   * @param options for every save; `signal` aborts all saves that are not published, and every later one.
   * @throws {TypeError | RangeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`,
   *   `ERR_OUT_OF_RANGE` for wrong arguments.
   */
  constructor(path: PathLike, options?: SaverOptions<Value> | null) {
    const given: SaverOptions<Value> = optionsObject(options, REFUSED);
    const serialize = given.serialize ?? undefined;
    if (serialize !== undefined && typeof serialize !== 'function') {
      throw invalidArgumentType('options.serialize', 'of type function', serialize);
    }
    this.#path = absolutePath(path, 'path');
    this.#options = resolveOptions(given, REFUSED);
    const { ifExists } = this.#options;
    if (ifExists === 'fail') throw invalidArgumentValue('options.ifExists', "'replace'", ifExists);
    this.#serialize = serialize;
  }

  /**
   * Saves the value, or a newer value instead.
   *
   * @param value do not change a buffer before the promise settles.
   * @returns resolves when this value or a newer one is durable. Calls that share a save get the same
   *   promise.
   * @throws (rejects) as the function `save`, if the save of this value fails and no newer value waits. If a
   *   newer value waits, the promise settles as that of the newer value. `ERR_INDELIBLE_CLOSED` after
   *   `close`; `TypeError` for a value that cannot be saved.
   */
  save(value: Value): Promise<Saved> {
    if (this.#closed) return Promise.reject(this.#closedError());
    if (this.#serialize === undefined) {
      try {
        // A wrong value rejects only its own call, not the calls that share the save.
        if (typeof value !== 'string') bytesOf(value as SaveData, this.#options.encoding);
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
   * @throws (rejects) with the error of the save of the latest value, if it failed. Then the file does not
   *   hold that value.
   */
  async flush(): Promise<void> {
    await this.#latest;
  }

  /**
   * Accepts no more values, and waits for the latest one as `flush` does. Nothing is open afterwards. Closing
   * again only waits.
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
        // If a newer value waits, its save decides.
        if (this.#next === undefined) batch.reject(withPublished(error, false));
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
    throw new TypeError('the promise did not call its executor');
  return { value, done, resolve, reject };
}
