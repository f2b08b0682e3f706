import {
  closeSync,
  constants,
  fdatasyncSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import {
  SYNC_FILE_RANGE_WAIT_AFTER,
  SYNC_FILE_RANGE_WAIT_BEFORE,
  SYNC_FILE_RANGE_WRITE,
  syncFileRangeSync,
} from '../../src/api/primitives.js';
import type { Protocol } from '../../src/base/options.js';
import { type ProtocolStep, usualSteps } from '../../src/filesystem/protocols.js';

/** The file has its attributes from the start. */
const SKIPPED = 'set-attributes';

/** A save that performs the steps of one protocol on the calling thread, and measures the time of each. */
export class StagedSave {
  readonly protocol: Protocol;
  /** The times of each step in nanoseconds, in the order of the steps. */
  readonly stages: ReadonlyMap<ProtocolStep, RecordableHistogram>;
  readonly #path: string;
  readonly #temporary: string;
  readonly #bytes: Uint8Array;
  #file: number | undefined;

  /** @param path a file that nothing else uses. */
  constructor(protocol: Protocol, path: string, bytes: Uint8Array) {
    this.protocol = protocol;
    this.#path = path;
    this.#temporary = `${path}.new`;
    this.#bytes = bytes;
    const steps = usualSteps(protocol).filter((step) => step !== SKIPPED);
    this.stages = new Map(steps.map((step) => [step, createHistogram()]));
  }

  readonly run = (): void => {
    let since = process.hrtime.bigint();
    try {
      for (const [step, histogram] of this.stages) {
        this.#take(step);
        const now = process.hrtime.bigint();
        histogram.record(now > since ? now - since : 1n);
        since = now;
      }
    } catch (error) {
      this.#discard();
      throw error;
    }
    // Not all protocols have a step that closes the file.
    if (this.#file !== undefined) this.#close();
  };

  #take(step: ProtocolStep): void {
    switch (step) {
      case 'create':
        this.#file = openSync(this.#temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
        break;
      case 'write': {
        const written = writeSync(this.#open(), this.#bytes);
        if (written !== this.#bytes.length) throw new Error(`only ${written} bytes were written`);
        break;
      }
      case 'start-write-back':
        syncFileRangeSync(this.#open(), 0, 0, SYNC_FILE_RANGE_WRITE);
        break;
      case 'write-back':
        syncFileRangeSync(this.#open(), 0, 0, WRITE_BACK);
        break;
      case 'sync-file':
        fdatasyncSync(this.#open());
        break;
      case 'close':
        this.#close();
        break;
      case 'rename':
        renameSync(this.#temporary, this.#path);
        break;
      case 'sync-directory':
        syncDirectory(dirname(this.#path));
        break;
      default:
        throw new Error(`the step '${step}' is not implemented`);
    }
  }

  #open(): number {
    if (this.#file === undefined) throw new Error('no file is open');
    return this.#file;
  }

  #close(): void {
    const file = this.#open();
    this.#file = undefined;
    closeSync(file);
  }

  #discard(): void {
    if (this.#file !== undefined) this.#close();
    rmSync(this.#temporary, { force: true });
  }
}

const WRITE_BACK = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;

function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
