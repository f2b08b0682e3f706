import { writeFile } from 'node:fs/promises';
import type { Control } from '../scenario.js';
import { oneAfterTheOther } from '../workload.js';

const control: Control = {
  ...oneAfterTheOther('overwritten in place, fsync', async (path, content) => {
    await writeFile(path, content, { flush: true });
    return { durability: 'durable' };
  }),
  caughtOn: ['ext4', 'xfs', 'btrfs'],
};
export default control;
