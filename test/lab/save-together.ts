import type { FileToSave } from 'indelible';
import type { Outcome, Scenario, Volume } from './scenario.js';

type SaveAll = (files: FileToSave[]) => Outcome[] | Promise<Outcome[]>;

const ROUNDS = 4;
const DIRECTORIES = ['a', 'b', 'b/deep'];
const OLD_AND_NEW = Array.from({ length: 8 }, (_, index) => index);

/** Many files in one call, which acknowledges them together. */
export function savedTogether(title: string, saveAll: SaveAll): Scenario {
  return {
    title,
    prepare(volume) {
      for (const directory of DIRECTORIES) {
        for (const index of OLD_AND_NEW) volume.existing(`${directory}/old-${index}`, 3000);
      }
    },
    async run(volume) {
      for (let round = 0; round < ROUNDS; round++) {
        const files = DIRECTORIES.flatMap((directory) =>
          OLD_AND_NEW.flatMap((index) => [
            { file: `${directory}/old-${index}`, length: 100 + round + index * 1000 },
            { file: `${directory}/new-${round}-${index}`, length: 1 + index * 5000 },
          ]),
        );
        await saveTogether(volume, files, saveAll);
      }
    },
  };
}

async function saveTogether(
  volume: Volume,
  files: readonly { file: string; length: number }[],
  saveAll: SaveAll,
): Promise<void> {
  const together: FileToSave[] = [];
  // Called in the next turn, when every file below has been added.
  const saved = Promise.resolve().then(() => saveAll(together));
  await Promise.all(
    files.map(({ file, length }, index) =>
      volume.save(file, length, async (path, data) => {
        together.push({ path, data });
        const outcome = (await saved)[index];
        if (outcome === undefined) throw new Error('saveAll has returned too few results');
        return outcome;
      }),
    ),
  );
}
