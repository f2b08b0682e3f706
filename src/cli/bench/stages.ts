import {
  closeSync,
  constants,
  fdatasyncSync,
  fsyncSync,
  openSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Protocol } from '../../options.js';
import {
  SYNC_FILE_RANGE_WAIT_AFTER,
  SYNC_FILE_RANGE_WAIT_BEFORE,
  SYNC_FILE_RANGE_WRITE,
  syncFileRangeSync,
} from '../../primitives.js';

/** The steps of one protocol, done by hand on the calling thread with the clock read between them. */
export class StagedSave {
  readonly protocol: Protocol;
  /** In the order of the steps, in nanoseconds. */
  readonly stages: ReadonlyMap<string, RecordableHistogram>;
  readonly #path: string;
  readonly #bytes: Uint8Array;
  #since = 0n;

  /** @param path in a directory of its own. */
  constructor(protocol: Protocol, path: string, bytes: Uint8Array) {
    this.protocol = protocol;
    this.#path = path;
    this.#bytes = bytes;
    const names = [
      'create',
      'write',
      ...(protocol === 'rename' ? [] : [syncStep(protocol)]),
      'close',
      'rename',
    ];
    if (protocol !== 'rename') names.push('directory sync');
    this.stages = new Map(names.map((name) => [name, createHistogram()]));
  }

  readonly run = (): void => {
    const temporary = `${this.#path}.new`;
    this.#since = process.hrtime.bigint();
    const file = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL);
    this.#end('create');
    try {
      const written = writeSync(file, this.#bytes);
      if (written !== this.#bytes.length) throw new Error(`only ${written} bytes were written`);
      this.#end('write');
      if (this.protocol === 'sync-rename-sync') fdatasyncSync(file);
      if (this.protocol === 'single-commit') syncFileRangeSync(file, 0, 0, WRITE_BACK);
      if (this.protocol !== 'rename') this.#end(syncStep(this.protocol));
      closeSync(file);
    } catch (error) {
      unlinkSync(temporary);
      throw error;
    }
    this.#end('close');
    renameSync(temporary, this.#path);
    this.#end('rename');
    if (this.protocol === 'rename') return;
    const directory = openSync(dirname(this.#path), 'r');
    fsyncSync(directory);
    closeSync(directory);
    this.#end('directory sync');
  };

  #end(stage: string): void {
    const now = process.hrtime.bigint();
    this.stages.get(stage)?.record(now > this.#since ? now - this.#since : 1n);
    this.#since = now;
  }
}

const WRITE_BACK = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;

function syncStep(protocol: Protocol): string {
  return protocol === 'single-commit' ? 'write-back' : 'fdatasync';
}
