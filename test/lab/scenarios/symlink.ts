import { save } from 'indelible';
import type { Scenario } from '../scenario.js';

const ROUNDS = 16;

const scenario: Scenario = {
  title: '`save` to symbolic links: to a file, and dangling',
  prepare(volume) {
    volume.existing('elsewhere/target', 5000);
    volume.existingLink('link', 'elsewhere/target');
    for (let round = 0; round < ROUNDS; round++)
      volume.existingLink(`dangling-${round}`, `elsewhere/new-${round}`);
  },
  async run(volume) {
    for (let round = 0; round < ROUNDS; round++) {
      await volume.save('elsewhere/target', 5000 + round, (_, content) => save(volume.path('link'), content));
      await volume.save(`elsewhere/new-${round}`, 5000, (_, content) =>
        save(volume.path(`dangling-${round}`), content),
      );
    }
  },
};
export default scenario;
