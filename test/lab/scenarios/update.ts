import { type UpdateOptions, update } from 'indelible';
import type { Scenario } from '../scenario.js';

const ROUNDS = 10;
const AT_ONCE = 4;

/** Several at once of a file that is there, and of one that is not at first. */
export function updating(title: string, options: Pick<UpdateOptions, 'lock'>): Scenario {
  return {
    title,
    prepare(volume) {
      volume.existing('state', 5000);
    },
    async run(volume) {
      const change = async (path: string, content: Buffer) => {
        const saved = await update(path, () => content, options);
        if (saved === undefined) throw new Error('the update has saved nothing');
        return saved;
      };
      for (let round = 0; round < ROUNDS; round++) {
        const together = Array.from({ length: AT_ONCE }, (_, index) => [
          volume.save('state', 3000 + index, change),
          volume.save(`new-${round % 3}`, 70_000 - index, change),
        ]);
        await Promise.all(together.flat());
      }
    },
  };
}

export default updating('`update`: four at once of one file, and of another that they create', {});
