import { replaceSymlink } from 'indelible';
import { type Scenario, STAGING } from '../scenario.js';
import { stage } from '../staged.js';

const ROUNDS = 25;
/** Longer than any filesystem keeps in the inode itself, so that the text has a block of its own. */
const LONG = './'.repeat(400);

const scenario: Scenario = {
  title: '`replaceSymlink`, with short texts and long ones; a reader follows the link',
  async run(volume) {
    for (let round = 0; round < ROUNDS; round++) {
      await volume.save('current', 3000 + round * 700, (path, content) => {
        const release = `release-${round}`;
        stage(volume, release, content);
        return replaceSymlink(`${round % 2 === 0 ? '' : LONG}${STAGING}/${release}`, path);
      });
    }
  },
};
export default scenario;
