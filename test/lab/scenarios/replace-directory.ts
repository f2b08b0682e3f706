import { replaceDirectory, replaceDirectorySync } from 'indelible';
import { type Scenario, STAGING } from '../scenario.js';

const ROUNDS = 12;
const STAGED = `${STAGING}/next`;
const OTHER_STAGED = `${STAGING}/other`;

export const directoryReplaced: Scenario = {
  title: '`replaceDirectory` of unsynced trees: to a free name, over an old tree, and with the old tree kept',
  prepare(volume) {
    volume.existingTree('site', 9, 4000);
    volume.existingTree('kept-site', 5, 2000);
    volume.existingTree('ordered-site', 4, 1000);
    volume.keeping('kept-site', 'previous/site', OTHER_STAGED);
  },
  async run(volume) {
    for (let round = 0; round < ROUNDS; round++) {
      const files = 5 + round;
      await volume.replaceTree('site', files, 3000 + round, (path, version) => {
        volume.makeTree('site', STAGED, version, files, 3000 + round);
        return replaceDirectory(volume.path(STAGED), path);
      });
      await volume.replaceTree('kept-site', files, 70_000 - round, (path, version) => {
        volume.makeTree('kept-site', OTHER_STAGED, version, files, 70_000 - round);
        return replaceDirectory(volume.path(OTHER_STAGED), path, {
          keepPrevious: volume.path('previous/site'),
        });
      });
      await volume.replaceTree('ordered-site', files, 1000 + round, (path, version) => {
        volume.makeTree('ordered-site', STAGED, version, files, 1000 + round);
        return replaceDirectory(volume.path(STAGED), path, { durability: 'ordered' });
      });
      await volume.replaceTree(`new-${round}`, files, 100, (path, version) => {
        volume.makeTree(`new-${round}`, STAGED, version, files, 100);
        return replaceDirectorySync(volume.path(STAGED), path);
      });
    }
  },
};
