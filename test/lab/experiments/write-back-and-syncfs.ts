import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFileRange, syncfs } from 'indelible/primitives';
import type { Scenario } from '../scenario.js';
import { WRITE_BACK } from '../single-commit.js';
import { writeTemporary } from '../textbook.js';
import { oneAfterTheOther } from '../workload.js';

/** One commit of the whole filesystem, for btrfs: does its wait for all ordered extents make up for the first sync? */
const scenario: Scenario = {
  ...oneAfterTheOther('write back, rename, syncfs', async (path, content) => {
    const temporary = await writeTemporary(path, content, false);
    const file = await open(temporary, 'r+');
    try {
      await syncFileRange(file.fd, 0, 0, WRITE_BACK);
      await rename(temporary, path);
    } finally {
      await file.close();
    }
    const directory = await open(dirname(path), 'r');
    try {
      await syncfs(directory.fd);
    } finally {
      await directory.close();
    }
    return { durability: 'durable' };
  }),
  namedTemporaries: true,
};
export default scenario;
