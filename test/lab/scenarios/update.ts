import { type UpdateOptions, update } from 'indelible';
import type { Scenario } from '../scenario.js';
import { inRounds } from './workloads.js';

const AT_ONCE = 4;

/** Concurrent updates of a file that exists, and of one that does not exist at first. */
export function updated(options: Pick<UpdateOptions, 'lock'> = {}, call = '`update`'): Scenario {
  const change = async (path: string, content: Buffer) => {
    const saved = await update(path, () => content, options);
    if (saved === undefined) throw new Error('the update saved nothing');
    return saved;
  };
  return inRounds({
    title: `${call}: four at once of one file, and of another that they create`,
    existing: { state: 5000 },
    rounds: 10,
    round: (volume, round) =>
      Promise.all(
        Array.from({ length: AT_ONCE }, (_, index) => [
          volume.save('state', 3000 + index, change),
          volume.save(`new-${round % 3}`, 70_000 - index, change),
        ]).flat(),
      ),
  });
}
