import type { Outcome, Scenario, Volume } from './scenario.js';

type Save = (path: string, content: Buffer) => Outcome | Promise<Outcome>;

const ROUNDS = 10;

/**
 * The ordinary use of a save function: one save after the other, of new files and of old ones, from one byte to 70 KB.
 * Every recipe and library is crashed in it, so that their results can be compared.
 */
export function oneAfterTheOther(title: string, save: Save): Scenario {
  return {
    title,
    prepare(volume: Volume) {
      volume.existing('small', 200);
      volume.existing('large', 70_000);
    },
    async run(volume: Volume) {
      for (let round = 0; round < ROUNDS; round++) {
        await volume.save('small', 1 + round * 700, save);
        await volume.save(`new-${round}`, round % 2 === 0 ? 4096 : 70_000, save);
        await volume.save('large', 70_000 - round * 999, save);
      }
    },
  };
}

const AT_ONCE = 8;

/** Saves of old and of new files that are under way together, in one directory. */
export function atOnce(title: string, save: Save): Scenario {
  const names = Array.from({ length: AT_ONCE }, (_, index) => `file-${index}`);
  return {
    title,
    prepare(volume: Volume) {
      for (const name of names) volume.existing(name, 3000);
    },
    async run(volume: Volume) {
      for (let round = 0; round < ROUNDS; round++) {
        await Promise.all(names.map((name, index) => volume.save(name, 1000 + index * 3000 + round, save)));
      }
    },
  };
}
