import { rename } from 'node:fs/promises';
import type { Scenario } from '../scenario.js';
import { sync, writeTemporary } from '../textbook.js';
import { oneAfterTheOther } from '../workload.js';

/** The file in place of its directory, for btrfs, whose fsync logs the names that a file has got since the last one. */
const scenario: Scenario = {
  ...oneAfterTheOther('fdatasync, rename, fsync of the file', async (path, content) => {
    await rename(await writeTemporary(path, content, true), path);
    await sync(path);
    return { durability: 'durable' };
  }),
  namedTemporaries: true,
};
export default scenario;
