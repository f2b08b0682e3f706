import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

const CHUNK = 64 * 1024;

/** A disk's content in memory. Chunks of zeros take none. */
export class SparseDisk {
  readonly #size: number;
  readonly #chunks = new Map<number, Buffer>();

  private constructor(size: number) {
    this.#size = size;
  }

  static read(image: string, size: number): SparseDisk {
    const disk = new SparseDisk(size);
    const chunk = Buffer.alloc(CHUNK);
    const zeros = Buffer.alloc(CHUNK);
    const file = openSync(image, 'r');
    try {
      for (let offset = 0; offset < size; offset += CHUNK) {
        const bytes = chunk.subarray(0, readSync(file, chunk, 0, CHUNK, offset));
        if (!bytes.equals(zeros.subarray(0, bytes.length))) disk.write(bytes, offset);
      }
    } finally {
      closeSync(file);
    }
    return disk;
  }

  write(data: Uint8Array, offset: number): void {
    for (let done = 0; done < data.length; ) {
      const within = (offset + done) % CHUNK;
      const part = data.subarray(done, done + CHUNK - within);
      this.#chunk(offset + done - within).set(part, within);
      done += part.length;
    }
  }

  /** Replaces the file's content with this disk. Chunks of zeros become holes. */
  copyTo(file: number): void {
    ftruncateSync(file, 0);
    ftruncateSync(file, this.#size);
    for (const [offset, chunk] of this.#chunks) writeFully(file, chunk, offset);
  }

  #chunk(offset: number): Buffer {
    let chunk = this.#chunks.get(offset);
    if (chunk === undefined) {
      chunk = Buffer.alloc(Math.min(CHUNK, this.#size - offset));
      this.#chunks.set(offset, chunk);
    }
    return chunk;
  }
}

/** `pwrite` of all bytes. One call may write only a part of them. */
export function writeFully(file: number, data: Uint8Array, offset: number): void {
  for (let done = 0; done < data.length; ) {
    done += writeSync(file, data, done, data.length - done, offset + done);
  }
}
