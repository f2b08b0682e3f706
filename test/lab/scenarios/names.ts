import { exchange, renameExclusive, replaceSymlink } from 'indelible';
import { STAGING } from '../scenario.js';
import { stage } from './stage.js';
import { inRounds } from './workloads.js';

export const exchanged = inRounds({
  title: '`exchange` of a file with one in another directory',
  existing: { target: 5000 },
  rounds: 25,
  round: (volume, round) =>
    volume.save('target', 3000 + round * 700, (path, content) =>
      exchange(stage(volume, 'next', content), path),
    ),
});

export const renamedExclusively = inRounds({
  title: '`renameExclusive` into another directory: to a free name, and to a taken one',
  existing: { taken: 5000 },
  rounds: 25,
  async round(volume, round) {
    await volume.save(`free-${round}`, 3000 + round * 700, (path, content) =>
      renameExclusive(stage(volume, 'next', content), path),
    );
    await volume.save('taken', 5000, (path, content) =>
      renameExclusive(stage(volume, 'next', content), path),
    );
  },
});

/** Longer than the text that any filesystem keeps in the inode itself, so that it has a block of its own. */
const LONG = './'.repeat(400);

export const symlinkReplaced = inRounds({
  title: '`replaceSymlink`, with short texts and long ones; a reader follows the link',
  rounds: 25,
  round: (volume, round) =>
    volume.save('current', 3000 + round * 700, (path, content) => {
      const release = `release-${round}`;
      stage(volume, release, content);
      return replaceSymlink(`${round % 2 === 0 ? '' : LONG}${STAGING}/${release}`, path);
    }),
});
