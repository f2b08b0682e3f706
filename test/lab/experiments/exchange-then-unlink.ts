import { rename, unlink } from 'node:fs/promises';
import { RENAME_EXCHANGE, renameat2 } from 'indelible/primitives';
import type { Scenario } from '../scenario.js';
import { syncDirectoryOf, writeTemporary } from '../textbook.js';
import { oneAfterTheOther } from '../workload.js';

/**
 * For filesystems that order nothing (ext4 without a journal): the old version keeps a name, and so its inode, until the
 * new one's name is on the medium.
 */
const scenario: Scenario = {
  ...oneAfterTheOther('fdatasync, exchange, fsync of the directory, unlink', async (path, content) => {
    const temporary = await writeTemporary(path, content, true);
    await renameat2(temporary, path, RENAME_EXCHANGE).catch(async (error) => {
      if (error.code !== 'ENOENT') throw error;
      await rename(temporary, path);
    });
    await syncDirectoryOf(path);
    await unlink(temporary).catch((error) => {
      if (error.code !== 'ENOENT') throw error;
    });
    return { durability: 'durable' };
  }),
  namedTemporaries: true,
};
export default scenario;
