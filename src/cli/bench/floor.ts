import { closeSync, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** The least that making bytes durable costs here; nothing that saves a file can be cheaper. */
export interface Floor {
  name: string;
  description: string;
  flush(): void;
  close(): void;
}

/**
 * A file of `bytes` that is already on the disk, to be overwritten in place and flushed with `fdatasync`: no new
 * block, size or name, so all that remains is the write and the disk's own cache flush.
 *
 * Everything is synchronous, since a detour over another thread would not be part of the floor.
 */
export function openRawFlush(directory: string, bytes: Uint8Array): Floor {
  const file = openSync(join(directory, 'raw-flush'), 'wx');
  const overwrite = () => {
    const written = writeSync(file, bytes, 0, bytes.length, 0);
    if (written !== bytes.length) throw new Error(`only ${written} of ${bytes.length} bytes were written`);
  };
  overwrite();
  fsyncSync(file);
  return {
    name: 'raw flush',
    description: 'overwrite of a preallocated file in place, then fdatasync: the floor',
    flush() {
      overwrite();
      fdatasyncSync(file);
    },
    close: () => closeSync(file),
  };
}
