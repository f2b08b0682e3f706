import { save } from 'indelible';
import type { Outcome } from '../scenario.js';
import { inRounds } from './workloads.js';

const exclusively = (path: string, content: Buffer): Promise<Outcome> =>
  save(path, content, { ifExists: 'fail' });

export const ifExistsFail = inRounds({
  title: "`save` with `ifExists: 'fail'`: to a free name, to a taken one, two at once to one name",
  existing: { taken: 5000 },
  rounds: 16,
  async round(volume, round) {
    await volume.save(`free-${round}`, 5000 + round, exclusively);
    await volume.save('taken', 5000, exclusively);
    await Promise.all([
      volume.save(`contested-${round}`, 3000, exclusively),
      volume.save(`contested-${round}`, 4000, exclusively),
    ]);
  },
});

/** In the order of the calls. An exclusive save that is not the first must fail, and must never be found. */
const ORDERS = [
  [exclusively, save, exclusively, save, exclusively],
  [save, exclusively, save, save, exclusively],
];

export const exclusiveAndReplacing = inRounds({
  title: "exclusive (`ifExists: 'fail'`) and replacing `save` at once to one path",
  rounds: 12,
  round: (volume, round) =>
    Promise.all(
      ORDERS.flatMap((order, index) =>
        order.map((save, call) => volume.save(`contested-${round}-${index}`, 3000 + call * 5000, save)),
      ),
    ),
});
