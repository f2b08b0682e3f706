import { save } from 'indelible';
import type { Scenario } from '../scenario.js';

const ROUNDS = 16;

const scenario: Scenario = {
  title: '`save` with `makeDirectories`, three levels deep',
  async run(volume) {
    for (let round = 0; round < ROUNDS; round++) {
      // Two at a time need the same new directories.
      await Promise.all(
        ['one', 'two'].map((name) =>
          volume.save(`${round}/deep/deeper/${name}`, 5000, (path, content) =>
            save(path, content, { makeDirectories: true }),
          ),
        ),
      );
    }
  },
};
export default scenario;
