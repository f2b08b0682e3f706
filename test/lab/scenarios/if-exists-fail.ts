import { save } from 'indelible';
import type { Outcome, Scenario } from '../scenario.js';

const ROUNDS = 16;

const exclusively = (path: string, content: Buffer): Promise<Outcome> =>
  save(path, content, { ifExists: 'fail' });

const scenario: Scenario = {
  title: "`save` with `ifExists: 'fail'`: to a free name, to a taken one, two at once to one name",
  prepare(volume) {
    volume.existing('taken', 5000);
  },
  async run(volume) {
    for (let round = 0; round < ROUNDS; round++) {
      await volume.save(`free-${round}`, 5000 + round, exclusively);
      await volume.save('taken', 5000, exclusively);
      await Promise.all([
        volume.save(`contested-${round}`, 3000, exclusively),
        volume.save(`contested-${round}`, 4000, exclusively),
      ]);
    }
  },
};
export default scenario;
