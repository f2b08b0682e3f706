import { rename } from 'node:fs/promises';
import { syncDirectoryOf, writeTemporary } from '../textbook.js';
import { oneAfterTheOther } from '../workload.js';

export default oneAfterTheOther(
  'fdatasync, rename, fsync of the directory, from Node alone',
  async (path, content) => {
    await rename(await writeTemporary(path, content, true), path);
    await syncDirectoryOf(path);
    return { durability: 'durable' };
  },
);
