import { write } from 'node:fs';
import { promisify } from 'node:util';
import { openTemporary, openTemporarySync } from 'indelible';
import type { Outcome, Scenario } from '../scenario.js';

const ROUNDS = 12;

export const temporaryOpened: Scenario = {
  title: '`openTemporary`: linked to new names, and replacing old files, in its directory and another',
  prepare(volume) {
    volume.existing('replaced', 5000);
    volume.existing('apart/replaced', 70_000);
    volume.existing('kept', 3000);
    volume.keeping('kept', 'kept~');
  },
  async run(volume) {
    const replace = async (path: string, content: Buffer): Promise<Outcome> => {
      await using file = await openTemporary(volume.directory);
      await promisify(write)(file.fd, content);
      return await file.replace(path);
    };
    for (let round = 0; round < ROUNDS; round++) {
      await volume.save('replaced', 5000 + round * 700, replace);
      await volume.save('apart/replaced', 70_000 - round, replace);
      await volume.save(`new-${round}`, 4000 + round, async (path, content) => {
        await using file = await openTemporary(volume.path('apart'));
        await promisify(write)(file.fd, content);
        return await file.link(path);
      });
      await volume.save('kept', 3000 + round, async (path, content) => {
        using file = openTemporarySync(volume.directory);
        await promisify(write)(file.fd, content);
        return file.replaceSync(path, { keepPrevious: volume.path('kept~') });
      });
      // This one is closed without being published.
      await using file = await openTemporary(volume.directory);
      await promisify(write)(file.fd, Buffer.alloc(10_000, 'never to be seen'));
    }
  },
};
