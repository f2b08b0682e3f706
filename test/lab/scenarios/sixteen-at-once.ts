import { save } from 'indelible';
import type { Scenario } from '../scenario.js';

const ROUNDS = 8;
const HALF = Array.from({ length: 8 }, (_, index) => index);

const scenario: Scenario = {
  title: 'sixteen `save` at once, half of them of new files, in two directories',
  prepare(volume) {
    for (const index of HALF) volume.existing(`${index % 2}/old-${index}`, 3000);
  },
  async run(volume) {
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(
        HALF.flatMap((index) => [
          volume.save(`${index % 2}/old-${index}`, 100 + round + index * 1000, save),
          volume.save(`${index % 2}/new-${round}-${index}`, 1 + index * 9000, save),
        ]),
      );
    }
  },
};
export default scenario;
