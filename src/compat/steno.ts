import { save } from '../api/save.js';
import type { SaveSource } from '../api/save-source.js';
import type { SaveData } from '../base/data.js';
import { type AbsolutePath, absolutePath, type PathLike } from '../base/path.js';

/** What steno writes: all that `fs.promises.writeFile` takes. */
export type Data = SaveData | SaveSource;

/** Writes that wait, and share one save: only the newest data is written. */
interface Waiting {
  data: Data;
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The class of steno, with the durability of `save`: writes the latest data to one path. While data is written, newer
 * data waits, and only the newest of it is written next.
 *
 * What differs from steno:
 * - a write is done when its data, or newer data, survives power loss; steno syncs nothing;
 * - mode and owner of the file that is replaced are kept, so that a secret file stays secret;
 * - two writers for one path do not use the same temporary, and no temporary is left behind;
 * - a relative path stands for the same file after `process.chdir`;
 * - only regular files are replaced, and symbolic links, which a regular file replaces as in steno.
 */
export class Writer {
  readonly #path: AbsolutePath;
  #waiting: Waiting | undefined;
  #writing = false;

  /** @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`. */
  constructor(filename: PathLike) {
    this.#path = absolutePath(filename, 'filename');
  }

  /**
   * Writes the data, or newer data instead.
   *
   * @returns the first of a row of writes settles after the last one, as in steno: it rejects with the last error of
   *   the row. All others settle with the save that has written them or newer data.
   * @throws {SaveError} (rejects) as `save`.
   */
  write(data: Data): Promise<void> {
    if (!this.#writing) return this.#writeRow(data);
    this.#waiting ??= waitingWrites(data);
    this.#waiting.data = data;
    return this.#waiting.done;
  }

  async #writeRow(data: Data): Promise<void> {
    this.#writing = true;
    let failure: { error: unknown } | undefined;
    for (let next: Pick<Waiting, 'data'> & Partial<Waiting> = { data }; ; ) {
      try {
        await save(this.#path, next.data, { followSymlinks: false });
        next.resolve?.();
      } catch (error) {
        failure = { error };
        next.reject?.(error);
      }
      if (this.#waiting === undefined) {
        // From here on a write begins a new row.
        this.#writing = false;
        break;
      }
      next = this.#waiting;
      this.#waiting = undefined;
    }
    if (failure !== undefined) throw failure.error;
  }
}

function waitingWrites(data: Data): Waiting {
  let resolve: Waiting['resolve'] | undefined;
  let reject: Waiting['reject'] | undefined;
  const done = new Promise<void>((...settle) => {
    [resolve, reject] = settle;
  });
  if (resolve === undefined || reject === undefined)
    throw new TypeError('the promise did not call its executor');
  return { data, done, resolve, reject };
}
