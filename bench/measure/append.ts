import { closeSync, fdatasyncSync, fsyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fdatasync, syncDirectorySync } from '../../src/api/primitives.js';
import { byteSize } from './amount.js';

/** Blocks that are written one behind the other, each with an `fdatasync`: what a log of a database costs. */
export interface Appending {
  /** At most 17 columns. */
  name: string;
  description: string;
  bytes: number;
  /** How many files get a block at once. */
  atOnce: number;
  /** Whether the blocks go to a file that is already on the disk, as to a log that is used again. If not, it grows. */
  reused: boolean;
}

/** The one that etcd's hardware guide is about. */
export const ETCD = 'etcd, 2300 B';

/** What people compare disks by. */
export const APPENDINGS: readonly Appending[] = [
  {
    name: ETCD,
    description: "append 2,300 bytes, then fdatasync: the fio job of etcd's hardware guide",
    bytes: 2300,
    atOnce: 1,
    reused: false,
  },
  {
    name: 'PostgreSQL, 8 KiB',
    description: 'overwrite the next 8 KiB, then fdatasync: the WAL of PostgreSQL, and pg_test_fsync',
    bytes: 8192,
    atOnce: 1,
    reused: true,
  },
  {
    name: 'SQLite, 4120 B',
    description: 'overwrite the next 4,120 bytes, then fdatasync: a page in the WAL of SQLite',
    bytes: 4120,
    atOnce: 1,
    reused: true,
  },
];

/** Appends as `--append` asks for them. */
export function appendingOf(bytes: number, atOnce: number): Appending {
  return {
    name: `${byteSize(bytes)} x ${atOnce}`,
    description: `append ${bytes} bytes to each of ${atOnce} files at once, then fdatasync`,
    bytes,
    atOnce,
    reused: false,
  };
}

/** A file grows no longer. SQLite too begins a WAL again after 4 MiB. */
export const LONGEST_LOG = 4 * 2 ** 20;

/** The files of an `Appending`. */
export class AppendedLogs {
  readonly run: () => unknown;
  readonly #appending: Appending;
  readonly #files: number[];
  readonly #block: Uint8Array;
  #position = 0;

  /** @param directory an empty directory. The caller removes it. */
  constructor(directory: string, appending: Appending) {
    const { bytes, atOnce, reused } = appending;
    this.#appending = appending;
    this.#block = new Uint8Array(bytes).fill(0x2a);
    this.#files = Array.from({ length: atOnce }, (_, index) => {
      const file = openSync(join(directory, String(index)), 'wx');
      if (reused) writeWhole(file, new Uint8Array(LONGEST_LOG).fill(0x2b), 0);
      fsyncSync(file);
      return file;
    });
    syncDirectorySync(directory);
    this.run = atOnce === 1 ? () => this.#appendOne() : () => this.#appendAll();
  }

  close(): void {
    for (const file of this.#files) closeSync(file);
  }

  /** On the calling thread, so that the time of another thread's turn does not count. */
  #appendOne(): void {
    const position = this.#next();
    for (const file of this.#files) {
      writeWhole(file, this.#block, position);
      fdatasyncSync(file);
    }
  }

  async #appendAll(): Promise<void> {
    const position = this.#next();
    await Promise.all(
      this.#files.map((file) => {
        writeWhole(file, this.#block, position);
        return fdatasync(file);
      }),
    );
  }

  /** Where the next block goes. */
  #next(): number {
    if (this.#position + this.#block.length > LONGEST_LOG) {
      if (!this.#appending.reused) for (const file of this.#files) ftruncateSync(file, 0);
      this.#position = 0;
    }
    const position = this.#position;
    this.#position += this.#block.length;
    return position;
  }
}

function writeWhole(file: number, bytes: Uint8Array, position: number): void {
  const written = writeSync(file, bytes, 0, bytes.length, position);
  if (written !== bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes were written`);
}
