import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { save } from 'indelible';
import writeFileAtomic from 'write-file-atomic';
import { contentOf } from '../lab/content.js';
import { processorTime } from './process.js';
import type { PartResult } from './results.js';

const ROUNDS = 7;
const AT_ONCE = 64;
const SIZE = 4096;

const WRITERS: Readonly<Record<string, (path: string, content: Buffer) => Promise<unknown>>> = {
  indelible: (path, content) => save(path, content),
  'write-file-atomic': (path, content) => writeFileAtomic(path, content),
};

/** Saves many files at once with this package and with write-file-atomic, in turns. Shown, not judged. */
export async function compareSpeed(mount: string): Promise<PartResult> {
  const directory = join(mount, 'speed');
  await mkdir(directory);
  const times = Object.keys(WRITERS).map((name) => ({ name, wall: [] as number[], own: 0, all: 0 }));
  // The first round is not counted.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const time of round % 2 === 0 ? times : times.toReversed()) {
      const before = { wall: performance.now(), own: process.cpuUsage(), all: processorTime() };
      await Promise.all(
        Array.from({ length: AT_ONCE }, (_, index) => {
          const name = `${time.name}-${index}`;
          return WRITERS[time.name]?.(join(directory, name), contentOf(name, round, SIZE));
        }),
      );
      if (round === 0) continue;
      time.wall.push(performance.now() - before.wall);
      const { user, system } = process.cpuUsage(before.own);
      time.own += (user + system) / 1000 / ROUNDS;
      time.all += (processorTime() - before.all) / ROUNDS;
    }
  }
  const [ours, theirs] = times.map(({ name, wall, own, all }) => {
    const median = wall.toSorted((a, b) => a - b)[(ROUNDS - 1) / 2] ?? Number.NaN;
    return {
      median,
      text: `${name} ${median.toFixed(0)} ms (processor ${own.toFixed(0)}, with servers ${all.toFixed(0)})`,
    };
  });
  if (ours === undefined || theirs === undefined) throw new Error('nothing was measured');
  const ratio = (theirs.median / ours.median).toFixed(2);
  return { passed: 1, failures: [], shown: `${ours.text}; ${theirs.text}; ${ratio} times as fast` };
}
