import { closeSync, constants, fdatasyncSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  barrierfsyncSync,
  fullfsyncSync,
  SYNC_FILE_RANGE_WAIT_AFTER,
  SYNC_FILE_RANGE_WAIT_BEFORE,
  SYNC_FILE_RANGE_WRITE,
  syncDirectorySync,
  syncFileRangeSync,
  syncfsSync,
} from '../../src/api/primitives.js';

/** The primitive that all other results are compared with: nothing that makes a file durable can be cheaper. */
export const REFERENCE = 'fdatasync';

/** One way to write bytes to the disk. It changes no block, size or name of the file, so that only the sync is measured. */
export interface Primitive {
  name: string;
  description: string;
  run(): void;
}

/** The sync primitives of this system, applied to a file that is already on the disk and is overwritten in place. */
export class Baseline {
  readonly primitives: readonly Primitive[];
  /** Primitives that do not exist on this system. */
  readonly unavailable: readonly { name: string; error: string }[];
  readonly #file: number;
  readonly #synchronousFile: number;
  readonly #bytes: Uint8Array;

  /**
   * Everything is synchronous: the time of another thread's turn is not part of the baseline.
   *
   * @param directory an empty directory. The caller removes it.
   */
  constructor(directory: string, bytes: Uint8Array) {
    this.#bytes = bytes;
    const path = join(directory, 'baseline');
    this.#file = openSync(path, 'wx');
    this.#overwrite(this.#file);
    fsyncSync(this.#file);
    syncDirectorySync(directory);
    this.#synchronousFile = openSync(path, constants.O_WRONLY | (constants.O_DSYNC ?? constants.O_SYNC));
    const found = this.#all(directory).map((primitive) => ({ primitive, error: failureOf(primitive) }));
    this.primitives = found.filter(({ error }) => error === undefined).map(({ primitive }) => primitive);
    this.unavailable = found.flatMap(({ primitive, error }) =>
      error === undefined ? [] : [{ name: primitive.name, error }],
    );
  }

  close(): void {
    closeSync(this.#file);
    closeSync(this.#synchronousFile);
  }

  #all(directory: string): Primitive[] {
    const file = this.#file;
    const after = (sync: (fd: number) => void) => () => {
      this.#overwrite(file);
      sync(file);
    };
    const range = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    const names = [join(directory, 'baseline'), join(directory, 'renamed')] as const;
    let turn = 0;
    return [
      { name: 'write', description: 'the write alone, into the page cache', run: after(() => {}) },
      {
        name: 'sync_file_range',
        description: 'write, then sync_file_range: the pages go to the device, whose cache is not flushed',
        run: after((fd) => syncFileRangeSync(fd, 0, 0, range)),
      },
      {
        name: 'O_DSYNC',
        description: 'write to a descriptor opened with O_DSYNC',
        run: () => this.#overwrite(this.#synchronousFile),
      },
      { name: REFERENCE, description: 'write, then fdatasync', run: after(fdatasyncSync) },
      { name: 'fsync', description: 'write, then fsync', run: after(fsyncSync) },
      {
        name: 'rename, fsync dir',
        description: 'rename the file, then fsync its directory',
        run: () => {
          const [from, to] = turn % 2 === 0 ? names : [names[1], names[0]];
          renameSync(from, to);
          turn += 1;
          syncDirectorySync(directory);
        },
      },
      { name: 'syncfs', description: 'write, then sync the whole filesystem', run: after(syncfsSync) },
      { name: 'F_BARRIERFSYNC', description: 'write, then F_BARRIERFSYNC', run: after(barrierfsyncSync) },
      { name: 'F_FULLFSYNC', description: 'write, then F_FULLFSYNC', run: after(fullfsyncSync) },
    ];
  }

  #overwrite(file: number): void {
    const written = writeSync(file, this.#bytes, 0, this.#bytes.length, 0);
    if (written !== this.#bytes.length)
      throw new Error(`only ${written} of ${this.#bytes.length} bytes written`);
  }
}

/** The error code of a primitive that does not exist on this system. Any other error is the disk's, and is thrown. */
function failureOf({ run }: Primitive): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'EPERM'].includes(code)) throw error;
    return code;
  }
}
