import type { BlockLog, BlockRequest } from '../block-log.js';

/** A request of a disk with its start and end, in microseconds since 1970. */
export interface TimedRequest extends BlockRequest {
  start: number;
  end: number;
}

export interface TimedLog extends BlockLog {
  requests: readonly TimedRequest[];
}

/** The header of an entry, four little-endian numbers; see slow-disk/flush-delay.c. */
const ENTRY = { start: 0, end: 8, offset: 16, length: 24, size: 32 };
/** The sector size of a loop device on a file. */
const SECTOR = 512;

/**
 * Reads the log of a slow disk: its requests in the order of completion, with times.
 *
 * @throws {Error} if it ends inside an entry.
 */
export function parseRequestLog(log: Buffer): TimedLog {
  const requests: TimedRequest[] = [];
  for (let at = 0; at < log.length; ) {
    if (at + ENTRY.size > log.length) throw new Error(`the log ends inside entry ${requests.length}`);
    const field = (offset: number) => Number(log.readBigUInt64LE(at + offset));
    const [start, end, offset, length] = [ENTRY.start, ENTRY.end, ENTRY.offset, ENTRY.length].map(field);
    if (start === undefined || end === undefined || offset === undefined || length === undefined) break;
    at += ENTRY.size;
    const data = log.subarray(at, at + length);
    if (data.length !== length) throw new Error(`the log ends inside entry ${requests.length}`);
    at += length;
    const flush = length === 0;
    requests.push({
      ...{ flush, fua: false, discard: false, offset, length, data, start, end },
      // A flush makes durable all requests that had completed when it began
      // (block/writeback_cache_control.rst in the kernel).
      ...(flush ? { covers: requests.findLastIndex((request) => request.end <= start) + 1 } : {}),
    });
  }
  return { sectorSize: SECTOR, requests };
}
