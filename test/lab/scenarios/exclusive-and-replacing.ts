import { save } from 'indelible';
import type { Outcome, Scenario } from '../scenario.js';

const ROUNDS = 12;

const exclusively = (path: string, content: Buffer): Promise<Outcome> =>
  save(path, content, { ifExists: 'fail' });

/** In the order of the calls; an exclusive save that is not the first must fail, and never be found. */
const ORDERS = [
  [exclusively, save, exclusively, save, exclusively],
  [save, exclusively, save, save, exclusively],
];

const scenario: Scenario = {
  title: "exclusive (`ifExists: 'fail'`) and replacing `save` at once to one path",
  async run(volume) {
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(
        ORDERS.flatMap((order, index) =>
          order.map((how, call) => volume.save(`contested-${round}-${index}`, 3000 + call * 5000, how)),
        ),
      );
    }
  },
};
export default scenario;
