import { save } from 'indelible';
import type { Scenario } from '../scenario.js';

const ROUNDS = 8;
const DIRECTORIES = ['a', 'b', 'c', 'd', 'e', 'a/deep', 'a/deep/deeper', 'b/deep'];

const scenario: Scenario = {
  title: 'sixteen `save` at once, a new and a replaced file in each of eight directories',
  prepare(volume) {
    for (const directory of DIRECTORIES) volume.existing(`${directory}/old`, 3000);
  },
  async run(volume) {
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(
        DIRECTORIES.flatMap((directory, index) => [
          volume.save(`${directory}/old`, 100 + round + index * 1000, save),
          volume.save(`${directory}/new-${round}`, 1 + index * 9000, save),
        ]),
      );
    }
  },
};
export default scenario;
