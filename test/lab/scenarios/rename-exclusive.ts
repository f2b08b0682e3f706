import { renameExclusive, save } from 'indelible';
import type { Outcome, Scenario } from '../scenario.js';

const ROUNDS = 24;

async function saveByRename(path: string, content: Buffer): Promise<Outcome> {
  const staged = `${path}.staged`;
  await save(staged, content);
  await renameExclusive(staged, path);
  return { durability: 'durable' };
}

const scenario: Scenario = {
  title: '`renameExclusive` of a saved file to a free name, and to a taken one',
  namedTemporaries: true,
  prepare(volume) {
    volume.existing('taken', 5000);
  },
  async run(volume) {
    for (let round = 0; round < ROUNDS; round++) {
      await volume.save(`free-${round}`, 5000 + round, saveByRename);
      await volume.save('taken', 5000, saveByRename);
    }
  },
};
export default scenario;
