import { writeFile } from 'node:fs/promises';
import type { Control, Volume } from '../scenario.js';

/** Large enough for btrfs to commit a transaction between the truncation and the end of the write, now and then. */
const LENGTH = 2_000_000;
const ROUNDS = 12;

const control: Control = {
  title: 'overwritten in place, fsync',
  prepare(volume: Volume) {
    volume.existing('overwritten', LENGTH);
  },
  async run(volume: Volume) {
    for (let round = 0; round < ROUNDS; round++) {
      await volume.save('overwritten', LENGTH - round, async (path, content) => {
        await writeFile(path, content, { flush: true });
        return { durability: 'durable' };
      });
    }
  },
  caughtOn: ['ext4', 'xfs', 'btrfs'],
};
export default control;
