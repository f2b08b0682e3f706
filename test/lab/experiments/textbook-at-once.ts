import { rename } from 'node:fs/promises';
import type { Scenario } from '../scenario.js';
import { syncDirectoryOf, writeTemporary } from '../textbook.js';
import { atOnce } from '../workload.js';

/** What programs do that save many files at once with the textbook's recipe: each syncs the directory for itself. */
const scenario: Scenario = {
  ...atOnce('eight at once: fdatasync, rename, fsync of the directory', async (path, content) => {
    await rename(await writeTemporary(path, content, true), path);
    await syncDirectoryOf(path);
    return { durability: 'durable' };
  }),
  namedTemporaries: true,
};
export default scenario;
