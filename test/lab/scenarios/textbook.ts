import { rename } from 'node:fs/promises';
import type { Scenario } from '../scenario.js';
import { syncDirectoryOf, writeTemporary } from '../textbook.js';
import { oneAfterTheOther } from '../workload.js';

/** Not the library's; shows that the lab finds no fault where there is none. */
const scenario: Scenario = {
  ...oneAfterTheOther('fdatasync, rename, fsync of the directory, with Node alone', async (path, content) => {
    await rename(await writeTemporary(path, content, true), path);
    await syncDirectoryOf(path);
    return { durability: 'durable' };
  }),
  namedTemporaries: true,
};
export default scenario;
