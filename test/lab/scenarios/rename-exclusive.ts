import { renameExclusive } from 'indelible';
import type { Scenario } from '../scenario.js';
import { stage } from '../staged.js';

const ROUNDS = 25;

const scenario: Scenario = {
  title: '`renameExclusive` into another directory: to a free name, and to a taken one',
  prepare(volume) {
    volume.existing('taken', 5000);
  },
  async run(volume) {
    for (let round = 0; round < ROUNDS; round++) {
      await volume.save(`free-${round}`, 3000 + round * 700, (path, content) =>
        renameExclusive(stage(volume, 'next', content), path),
      );
      await volume.save('taken', 5000, (path, content) =>
        renameExclusive(stage(volume, 'next', content), path),
      );
    }
  },
};
export default scenario;
