import type { Scenario } from '../scenario.js';
import { updating } from './update.js';

const scenario: Scenario = {
  ...updating('`update`: four at once of one file, and of another that they create; the portable engine', {
    lock: 'thread',
  }),
  engine: 'portable',
  namedTemporaries: true,
};
export default scenario;
