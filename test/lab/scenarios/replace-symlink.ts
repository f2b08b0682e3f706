import { dirname, join } from 'node:path';
import { replaceSymlink, save } from 'indelible';
import type { Scenario } from '../scenario.js';

const ROUNDS = 24;

const scenario: Scenario = {
  title: '`replaceSymlink` to one saved release after the other',
  namedTemporaries: true,
  async run(volume) {
    for (let round = 0; round < ROUNDS; round++) {
      await volume.save('current', 5000 + round, async (path, content) => {
        const release = `release-${round}`;
        const { durability } = await save(join(dirname(path), release), content);
        await replaceSymlink(release, path);
        return { durability };
      });
    }
  },
};
export default scenario;
