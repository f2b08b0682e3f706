import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { parseBlockLog, RequestCounter } from './block-log.js';

const SECTOR = 512;

/** A log as QEMU writes it; an entry is [sector, sectors, flags, data]. */
function logOf(...entries: [sector: bigint, sectors: bigint, flags: bigint, data: Buffer][]): Buffer {
  const superBlock = Buffer.alloc(SECTOR);
  [0x6a736677736872n, 1n, BigInt(entries.length)].forEach((value, index) => {
    superBlock.writeBigUInt64LE(value, 8 * index);
  });
  superBlock.writeUInt32LE(SECTOR, 24);
  const written = entries.flatMap(([sector, sectors, flags, data]) => {
    const head = Buffer.alloc(SECTOR);
    [sector, sectors, flags, 0n].forEach((value, index) => {
      head.writeBigUInt64LE(value, 8 * index);
    });
    return [head, data];
  });
  return Buffer.concat([superBlock, ...written]);
}

describe('the block log', () => {
  it('is read as writes, flushes, writes with forced unit access and discards', () => {
    const data = Buffer.alloc(2 * SECTOR, 'x');
    const log = logOf(
      [8n, 2n, 0n, data],
      [0n, 0n, 1n, Buffer.alloc(0)],
      [16n, 1n, 2n, data.subarray(0, SECTOR)],
      [32n, 64n, 4n, Buffer.alloc(0)],
    );
    const plain = { flush: false, fua: false, discard: false };
    assert.deepEqual(parseBlockLog(log).requests, [
      { ...plain, offset: 8 * SECTOR, length: 2 * SECTOR, data },
      { ...plain, flush: true, offset: 0, length: 0, data: Buffer.alloc(0) },
      { ...plain, fua: true, offset: 16 * SECTOR, length: SECTOR, data: data.subarray(0, SECTOR) },
      { ...plain, discard: true, offset: 32 * SECTOR, length: 64 * SECTOR, data: Buffer.alloc(0) },
    ]);
  });

  it('is refused if it has another format or ends too early', () => {
    assert.throws(() => parseBlockLog(Buffer.alloc(SECTOR)), /not a dm-log-writes log/);
    const log = logOf([8n, 2n, 0n, Buffer.alloc(2 * SECTOR)]);
    assert.throws(() => parseBlockLog(log.subarray(0, -1)), /ends inside entry 0/);
  });

  it('shows how many requests the disk has completed while it grows', () => {
    const directory = mkdtempSync(join(tmpdir(), 'indelible-log-'));
    const path = join(directory, 'log');
    writeFileSync(path, '');
    const counter = new RequestCounter(path);
    try {
      assert.equal(counter.now(), 0);
      writeFileSync(path, logOf([0n, 0n, 1n, Buffer.alloc(0)], [0n, 0n, 1n, Buffer.alloc(0)]));
      assert.equal(counter.now(), 2);
    } finally {
      counter.close();
      rmSync(directory, { recursive: true });
    }
  });
});
