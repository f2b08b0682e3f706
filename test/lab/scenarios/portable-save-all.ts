import type { Scenario } from '../scenario.js';
import native from './save-all.js';

const scenario: Scenario = {
  ...native,
  title: `${native.title}; the portable engine`,
  engine: 'portable',
  namedTemporaries: true,
};
export default scenario;
