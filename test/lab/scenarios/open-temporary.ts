import { mkdirSync, write, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openTemporary, openTemporarySync } from 'indelible';
import { type Outcome, type Scenario, STAGING } from '../scenario.js';

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

const COPIES = 5;
const CHANGED = { offset: 16_384, length: 4096 };

/** Each source is the new version except for a few cells, and has not been synced. */
export const temporaryCopied: Scenario = {
  title: '`openTemporary` with `from`: a copy of a file that was just written, a few cells changed',
  prepare(volume) {
    mkdirSync(volume.path(STAGING), { recursive: true });
    volume.existing('copied', 100_000);
    volume.existing('apart/copied', 5000);
  },
  async run(volume) {
    const copyOf = (content: Buffer, round: number): string => {
      const { offset, length } = CHANGED;
      const source = volume.path(join(STAGING, `source-${round}`));
      writeFileSync(source, Buffer.from(content).fill('old', offset, offset + length));
      return source;
    };
    const replace = async (path: string, content: Buffer, from: string): Promise<Outcome> => {
      await using file = await openTemporary(volume.directory, { from });
      await promisify(write)(file.fd, content, CHANGED.offset, CHANGED.length, CHANGED.offset);
      return await file.replace(path);
    };
    for (let round = 0; round < COPIES; round++) {
      await volume.save('copied', 100_000 + round * 30_000, (path, content) =>
        replace(path, content, copyOf(content, round)),
      );
      // Nothing is changed, so that all blocks are shared.
      await volume.save('apart/copied', 40_000 + round, async (path, content) => {
        const source = volume.path(join(STAGING, 'whole'));
        writeFileSync(source, content);
        using file = openTemporarySync(volume.directory, { from: source });
        return file.replaceSync(path);
      });
    }
  },
};
