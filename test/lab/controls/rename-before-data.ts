import { rename } from 'node:fs/promises';
import type { Control } from '../scenario.js';
import { sync, syncDirectoryOf, writeTemporary } from '../textbook.js';
import { oneAfterTheOther } from '../workload.js';

const control: Control = {
  ...oneAfterTheOther('rename, fsync, fsync of the directory', async (path, content) => {
    await rename(await writeTemporary(path, content, false), path);
    await sync(path);
    await syncDirectoryOf(path);
    return { durability: 'durable' };
  }),
  caughtOn: ['ext4', 'xfs'],
};
export default control;
