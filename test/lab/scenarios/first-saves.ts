import type { Scenario } from '../scenario.js';
import sixteenAtOnce from './sixteen-at-once.js';

const scenario: Scenario = {
  ...sixteenAtOnce,
  title: `${sixteenAtOnce.title}, by a process that has saved nothing yet`,
  firstSaves: true,
  namedTemporaries: true,
};
export default scenario;
