import type { FileToSave } from 'indelible';
import type { Outcome, Scenario, Volume } from '../scenario.js';
import { inRounds } from './workloads.js';

type SaveAll = (files: FileToSave[]) => Outcome[] | Promise<Outcome[]>;

const DIRECTORIES = ['a', 'b', 'b/deep'];
const EIGHT = Array.from({ length: 8 }, (_, index) => index);

/** 48 files in one call, which acknowledges all of them at the same moment. */
export function savedTogether(title: string, saveAll: SaveAll): Scenario {
  return inRounds({
    title,
    existing: Object.fromEntries(
      DIRECTORIES.flatMap((directory) => EIGHT.map((index) => [`${directory}/old-${index}`, 3000])),
    ),
    rounds: 4,
    round(volume, round) {
      const files = DIRECTORIES.flatMap((directory) =>
        EIGHT.flatMap((index) => [
          { file: `${directory}/old-${index}`, length: 100 + round + index * 1000 },
          { file: `${directory}/new-${round}-${index}`, length: 1 + index * 5000 },
        ]),
      );
      return saveTogether(volume, files, saveAll);
    },
  });
}

async function saveTogether(
  volume: Volume,
  files: readonly { file: string; length: number }[],
  saveAll: SaveAll,
): Promise<void> {
  const together: FileToSave[] = [];
  // In the next microtask, when every file below has been added.
  const saved = Promise.resolve().then(() => saveAll(together));
  await Promise.all(
    files.map(({ file, length }, index) =>
      volume.save(file, length, async (path, data) => {
        together.push({ path, data });
        const outcome = (await saved)[index];
        if (outcome === undefined) throw new Error('saveAll returned too few results');
        return outcome;
      }),
    ),
  );
}
