import type { Scenario } from '../scenario.js';
import native from './keep-previous.js';

const scenario: Scenario = {
  ...native,
  title: `${native.title}; the portable engine`,
  engine: 'portable',
  namedTemporaries: true,
};
export default scenario;
