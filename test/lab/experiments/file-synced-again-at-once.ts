import { rename } from 'node:fs/promises';
import type { Scenario } from '../scenario.js';
import { sync, writeTemporary } from '../textbook.js';
import { atOnce } from '../workload.js';

/** As `file-synced-again`, for many at once. */
const scenario: Scenario = {
  ...atOnce('eight at once: fdatasync, rename, fsync of the file', async (path, content) => {
    await rename(await writeTemporary(path, content, true), path);
    await sync(path);
    return { durability: 'durable' };
  }),
  namedTemporaries: true,
};
export default scenario;
