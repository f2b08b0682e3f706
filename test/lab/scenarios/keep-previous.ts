import { type SaveOptions, save, saveSync } from 'indelible';
import { syncDirectory } from 'indelible/primitives';
import type { Scenario } from '../scenario.js';

const ROUNDS = 12;
const AT_ONCE = 4;

const scenario: Scenario = {
  // The old version has one as well.
  namedTemporaries: true,
  title:
    '`save` with `keepPrevious`: in the same directory and another, several at once to one path, over a file not synced',
  prepare(volume) {
    volume.existing('beside', 5000);
    volume.keeping('beside', 'beside~');
    volume.existing('apart', 3000);
    volume.keeping('apart', 'kept/apart');
    volume.existing('contested', 2000);
    volume.keeping('contested', 'kept/contested');
    volume.existing('unsynced', 9000);
    volume.keeping('unsynced', 'unsynced~');
  },
  async run(volume) {
    const keeping =
      (under: string, options: SaveOptions = {}) =>
      (path: string, content: Buffer) =>
        save(path, content, { ...options, keepPrevious: volume.path(under) });
    let over = false;
    // The new name may become safe at any moment, long before the save asks for that.
    const syncing = (async () => {
      while (!over) await syncDirectory(volume.directory);
    })();
    for (let round = 0; round < ROUNDS; round++) {
      await volume.save('beside', 5000 + round * 700, keeping('beside~'));
      await volume.save('apart', 70_000 - round * 999, keeping('kept/apart'));
      await volume.save('beside', 100 + round, (path, content) =>
        saveSync(path, content, { keepPrevious: volume.path('beside~') }),
      );
      await Promise.all(
        Array.from({ length: AT_ONCE }, (_, index) =>
          volume.save('contested', 2000 + round * 100 + index, keeping('kept/contested')),
        ),
      );
      // A version that nobody has made safe until it is kept.
      await volume.saveUnsafely('unsynced', 9000 + round, keeping('unsynced~', { durability: 'none' }));
      await volume.save('unsynced', 8000 + round, keeping('unsynced~'));
    }
    over = true;
    await syncing;
  },
};
export default scenario;
