import { rename } from 'node:fs/promises';
import type { Control } from '../scenario.js';
import { writeTemporary } from '../textbook.js';
import { oneAfterTheOther } from '../workload.js';

const control: Control = {
  ...oneAfterTheOther('fdatasync, rename', async (path, content) => {
    await rename(await writeTemporary(path, content, true), path);
    return { durability: 'durable' };
  }),
  caughtOn: ['ext4', 'xfs', 'btrfs'],
};
export default control;
