import type { Scenario } from '../scenario.js';
import native from './replace-symlink.js';

const scenario: Scenario = {
  ...native,
  title: `${native.title}; the portable engine`,
  engine: 'portable',
};
export default scenario;
