import { save } from 'indelible';
import type { Scenario } from '../scenario.js';

const LENGTH = 5_000_000;
const ROUNDS = 3;

const scenario: Scenario = {
  title: '`save` of 5 MB: new and replaced',
  prepare(volume) {
    volume.existing('replaced', LENGTH);
  },
  async run(volume) {
    for (let round = 0; round < ROUNDS; round++) {
      await volume.save('replaced', LENGTH + round, save);
      await volume.save(`new-${round}`, LENGTH, save);
    }
  },
};
export default scenario;
