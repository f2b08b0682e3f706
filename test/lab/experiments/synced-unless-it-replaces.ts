import { access, rename } from 'node:fs/promises';
import type { Scenario } from '../scenario.js';
import { sync, syncDirectoryOf, writeTemporary } from '../textbook.js';
import { oneAfterTheOther } from '../workload.js';

/** For btrfs, which writes the data of a file back when it is renamed over another (`flushoncommit` aside). */
const scenario: Scenario = {
  ...oneAfterTheOther(
    'rename of what replaces a file, fdatasync before that of a new one; fsync of the file and the directory',
    async (path, content) => {
      const replaces = await access(path).then(
        () => true,
        () => false,
      );
      await rename(await writeTemporary(path, content, !replaces), path);
      if (replaces) await sync(path);
      await syncDirectoryOf(path);
      return { durability: 'durable' };
    },
  ),
  namedTemporaries: true,
};
export default scenario;
