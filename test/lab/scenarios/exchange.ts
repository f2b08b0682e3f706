import { exchange } from 'indelible';
import type { Scenario } from '../scenario.js';
import { stage } from '../staged.js';

const ROUNDS = 25;

const scenario: Scenario = {
  title: '`exchange` of a file with one in another directory',
  prepare(volume) {
    volume.existing('target', 5000);
  },
  async run(volume) {
    for (let round = 0; round < ROUNDS; round++) {
      await volume.save('target', 3000 + round * 700, (path, content) =>
        exchange(stage(volume, 'next', content), path),
      );
    }
  },
};
export default scenario;
