import type { Outcome, Scenario, Volume } from '../scenario.js';

type Save = (path: string, content: Buffer) => Outcome | Promise<Outcome>;

/** A workload that repeats itself. */
export interface Rounds {
  title: string;
  /** Files that exist before the recording, with their lengths in bytes. */
  existing?: Readonly<Record<string, number>>;
  rounds: number;
  round(volume: Volume, round: number): Promise<unknown>;
}

export function inRounds({ title, existing = {}, rounds, round }: Rounds): Scenario {
  return {
    title,
    prepare(volume) {
      for (const [file, length] of Object.entries(existing)) volume.existing(file, length);
    },
    async run(volume) {
      for (let index = 0; index < rounds; index++) await round(volume, index);
    },
  };
}

/** Without other writes to the volume, for a log that is short enough to crash in every state. */
export function alone(rounds: Rounds): Scenario {
  return { ...inRounds(rounds), alone: true };
}

/**
 * The ordinary use of a save function: one save after another, of new files and of old ones, from one byte to
 * 70 KB. Every recipe and every library is crashed in it, so that their results can be compared.
 */
export function oneByOne(title: string, save: Save): Scenario {
  return inRounds({
    title,
    existing: { small: 200, large: 70_000 },
    rounds: 10,
    async round(volume, round) {
      await volume.save('small', 1 + round * 700, save);
      await volume.save(`new-${round}`, round % 2 === 0 ? 4096 : 70_000, save);
      await volume.save('large', 70_000 - round * 999, save);
    },
  });
}

/** The same with a save function that resolves with nothing. That it has resolved is taken as the promise of durability. */
export function oneByOneDurably(
  title: string,
  save: (path: string, content: Buffer) => Promise<void>,
): Scenario {
  return oneByOne(title, async (path, content) => {
    await save(path, content);
    return { durability: 'durable' };
  });
}

/** Eight concurrent saves of existing files in one directory. */
export function eightAtOnce(title: string, save: Save): Scenario {
  const names = Array.from({ length: 8 }, (_, index) => `file-${index}`);
  return inRounds({
    title: `eight at once: ${title}`,
    existing: Object.fromEntries(names.map((name) => [name, 3000])),
    rounds: 10,
    round: (volume, round) =>
      Promise.all(names.map((name, index) => volume.save(name, 1000 + index * 3000 + round, save))),
  });
}
