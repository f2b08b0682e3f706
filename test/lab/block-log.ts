import { closeSync, openSync, readSync } from 'node:fs';

/**
 * The log that QEMU's `blklogwrites` driver writes of a disk, in the format of the kernel's dm-log-writes
 * (Documentation/admin-guide/device-mapper/log-writes.rst): a super block, then for each request one sector
 * that describes it, followed by its data. Little-endian.
 *
 * A request is logged when it has completed, so the log is in the order of completion. QEMU updates the entry
 * count in the super block before it reports the request as complete (with `log-super-update-interval=1`).
 */

const MAGIC = 0x6a_7366_7773_6872n;
const SUPER_BLOCK = { magic: 0, entryCount: 16, sectorSize: 24, length: 28 };
const ENTRY = { sector: 0, sectorCount: 8, flags: 16 };
const FLAG = { flush: 1, fua: 2, discard: 4 };
/**
 * dm-log-writes counts in 512-byte sectors unless the super block has another size. QEMU fills it in late.
 */
const DEFAULT_SECTOR_SIZE = 512;

/** One request that the disk has completed. */
export interface BlockRequest {
  /** Makes durable all requests that had completed before. */
  flush: boolean;
  /**
   * For a flush: how many requests of the log had completed when it began, if known; default: all before it.
   */
  covers?: number;
  /** Forced unit access: the request is durable when it has completed. */
  fua: boolean;
  /** The range reads as zeros afterwards. There is no data. */
  discard: boolean;
  /** Bytes from the start of the disk. */
  offset: number;
  /** Bytes; 0 for a flush alone. */
  length: number;
  /** A view into the log; empty for a flush and a discard. */
  data: Uint8Array;
}

export interface BlockLog {
  /** The smallest unit that the disk writes whole or not at all, in bytes. */
  sectorSize: number;
  requests: readonly BlockRequest[];
}

/** Reads a whole log. @throws if it has another format or ends early. */
export function parseBlockLog(log: Buffer): BlockLog {
  if (log.length < SUPER_BLOCK.length || log.readBigUInt64LE(SUPER_BLOCK.magic) !== MAGIC) {
    throw new Error('not a dm-log-writes log');
  }
  const count = Number(log.readBigUInt64LE(SUPER_BLOCK.entryCount));
  const sectorSize = log.readUInt32LE(SUPER_BLOCK.sectorSize) || DEFAULT_SECTOR_SIZE;
  const requests: BlockRequest[] = [];
  let at = sectorSize;
  for (let index = 0; index < count; index++) {
    const flags = Number(log.readBigUInt64LE(at + ENTRY.flags));
    const discard = (flags & FLAG.discard) !== 0;
    const length = Number(log.readBigUInt64LE(at + ENTRY.sectorCount)) * sectorSize;
    const offset = Number(log.readBigUInt64LE(at + ENTRY.sector)) * sectorSize;
    at += sectorSize;
    const data = log.subarray(at, discard ? at : at + length);
    if (data.length !== (discard ? 0 : length)) throw new Error(`the log ends inside entry ${index}`);
    at += data.length;
    requests.push({
      flush: (flags & FLAG.flush) !== 0,
      fua: (flags & FLAG.fua) !== 0,
      discard,
      offset,
      length,
      data,
    });
  }
  return { sectorSize, requests };
}

/** Counts the requests that the disk has completed, while the log grows. */
export class RequestCounter {
  readonly #log: number;
  readonly #count = Buffer.alloc(8);

  constructor(path: string) {
    this.#log = openSync(path, 'r');
  }

  now(): number {
    const read = readSync(this.#log, this.#count, 0, 8, SUPER_BLOCK.entryCount);
    // QEMU writes the super block with the first entry.
    return read === 8 ? Number(this.#count.readBigUInt64LE()) : 0;
  }

  close(): void {
    closeSync(this.#log);
  }
}
