import type { RequestKind } from '../../../docs/see-it-work/recordings.js';
import { CELL, cellsOf, isCellOf } from '../../../docs/see-it-work/settings-file.js';
import type { BlockRequest } from '../block-log.js';
import type { DiskFormat } from '../filesystems.js';
import { NEIGHBOUR_TEXT } from './files.js';

/** What a request of the disk writes. */
export interface Described {
  kind: RequestKind;
  /** Cells of the new version: the first, and the one after the last. */
  cells?: readonly [first: number, end: number];
}

/**
 * A block of jbd2's journal: magic number, then its type, big-endian (include/linux/jbd2.h in the kernel).
 */
const JBD2_MAGIC = 0xc03b_3998;
const JBD2_COMMIT = 2;
/** A record of the XFS log begins with this number (fs/xfs/libxfs/xfs_log_format.h). */
const XFS_LOG_MAGIC = 0xfeed_babe;
/** Offsets in a btrfs super block and in the header of its tree blocks (include/uapi/linux/btrfs_tree.h). */
const BTRFS = { superBlock: 65_536, magicAt: 64, magic: '_BHRfS_M', identifierAt: 32 };
const BLOCK = 4096;

/** Recognises by its bytes what a request writes. */
export function describeRequest(request: BlockRequest, format: DiskFormat): Described {
  if (request.flush) return { kind: 'flush' };
  const data = Buffer.from(request.data.buffer, request.data.byteOffset, request.data.byteLength);
  const cells = newCells(data);
  if (cells !== undefined) return { kind: 'data', cells };
  if (data.toString('latin1', 0, NEIGHBOUR_TEXT.length) === NEIGHBOUR_TEXT) return { kind: 'neighbour' };
  return { kind: kindOfMetadata(data, request.offset, format) };
}

function newCells(data: Buffer): readonly [number, number] | undefined {
  const found: number[] = [];
  for (let at = 0; at + CELL <= data.length; at += CELL) {
    const bytes = data.subarray(at, at + CELL);
    for (let cell = 0; cell < cellsOf('new'); cell++) if (isCellOf('new', bytes, cell)) found.push(cell);
  }
  const [first] = found;
  return first === undefined ? undefined : [first, Math.max(...found) + 1];
}

function kindOfMetadata(data: Buffer, offset: number, format: DiskFormat): RequestKind {
  if (format === 'btrfs') {
    const magic = data.toString('latin1', BTRFS.magicAt, BTRFS.magicAt + BTRFS.magic.length);
    if (magic === BTRFS.magic) return 'superblock';
    return 'tree';
  }
  if (format === 'xfs') {
    return startsSector(data, XFS_LOG_MAGIC) ? 'log' : offset === 0 ? 'superblock' : 'metadata';
  }
  let kind: RequestKind = 'metadata';
  for (let at = 0; at + 8 <= data.length; at += BLOCK) {
    if (data.readUInt32BE(at) !== JBD2_MAGIC) continue;
    if (data.readUInt32BE(at + 4) === JBD2_COMMIT) return 'commit';
    kind = 'journal';
  }
  return kind;
}

function startsSector(data: Buffer, magic: number): boolean {
  for (let at = 0; at + 4 <= data.length; at += CELL) if (data.readUInt32BE(at) === magic) return true;
  return false;
}
