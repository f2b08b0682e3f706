import { unlink } from 'node:fs/promises';
import { exchange, save } from 'indelible';
import type { Outcome, Scenario } from '../scenario.js';

const ROUNDS = 16;

/** What was there before stands under the other name for a while. */
async function saveByExchange(path: string, content: Buffer): Promise<Outcome> {
  const staged = `${path}.staged`;
  await save(staged, content);
  await exchange(staged, path);
  await unlink(staged);
  return { durability: 'durable' };
}

const scenario: Scenario = {
  title: '`exchange` of a file with a saved one',
  namedTemporaries: true,
  prepare(volume) {
    volume.existing('a', 5000);
    volume.existing('below/b', 70_000);
  },
  async run(volume) {
    for (let round = 0; round < ROUNDS; round++) {
      await volume.save('a', 5000 + round, saveByExchange);
      await volume.save('below/b', 70_000 + round, saveByExchange);
    }
  },
};
export default scenario;
