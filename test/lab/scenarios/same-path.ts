import { save } from 'indelible';
import type { Scenario } from '../scenario.js';

const ROUNDS = 8;
const AT_ONCE = 16;

const scenario: Scenario = {
  title: 'sixteen `save` at once to one path, published in the order of the calls',
  prepare(volume) {
    volume.existing('contested', 5000);
  },
  async run(volume) {
    for (let round = 0; round < ROUNDS; round++) {
      const saves = Array.from({ length: AT_ONCE }, (_, index) =>
        volume.save('contested', 5000 + index, save),
      );
      await Promise.all(saves);
    }
  },
};
export default scenario;
