import { type SaveOptions, save, saveSync } from 'indelible';
import { syncDirectory } from 'indelible/primitives';
import type { Scenario } from '../scenario.js';

const ROUNDS = 12;
const AT_ONCE = 4;

export const previousKept: Scenario = {
  title:
    '`save` with `keepPrevious`: in the same directory and another, several at once to one path, over a file not synced',
  // The old version gets a temporary name, too.
  namedTemporaries: true,
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
      (name: string, options: SaveOptions = {}) =>
      (path: string, content: Buffer) =>
        save(path, content, { ...options, keepPrevious: volume.path(name) });
    let ended = false;
    // The new name may become durable at any moment, long before the save syncs the directory.
    const syncing = (async () => {
      while (!ended) await syncDirectory(volume.directory);
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
      // This version is not synced until the next save keeps it.
      await volume.saveUnsafely('unsynced', 9000 + round, keeping('unsynced~', { durability: 'none' }));
      await volume.save('unsynced', 8000 + round, keeping('unsynced~'));
    }
    ended = true;
    await syncing;
  },
};
