import { open, rename } from 'node:fs/promises';
import type { Scenario } from '../scenario.js';
import { syncDirectoryOf, writeTemporary } from '../textbook.js';
import { atOnce } from '../workload.js';

/** What the portable engine does on btrfs, whose sync of a directory may return too early. */
const scenario: Scenario = {
  ...atOnce(
    'eight at once: fdatasync, rename, fsync of the directory and of the file',
    async (path, content) => {
      const temporary = await writeTemporary(path, content, true);
      const file = await open(temporary, 'r');
      await rename(temporary, path);
      await syncDirectoryOf(path);
      await file.sync();
      await file.close();
      return { durability: 'durable' };
    },
  ),
  namedTemporaries: true,
};
export default scenario;
