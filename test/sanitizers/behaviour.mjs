// Runs the stress test, the behaviour suite, and then the fuzzer for a minute, over the sanitized addon. Arguments are
// passed to vitest.
//   npm run test:sanitized
import { join } from 'node:path';
import { fuzz } from './fuzz.mjs';
import { root, run, withSanitizedAddon } from './sanitized.mjs';

const FUZZED_SECONDS = 60;
/** The drop-ins are JavaScript: they call the addon as the other tests do. */
const LEFT_OUT = ['--exclude', 'test/behaviour/compat-*.test.ts'];

withSanitizedAddon((environment) => {
  const suite = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project', 'native', ...LEFT_OUT];
  run(process.execPath, [...suite, ...process.argv.slice(2)], root, environment);
  fuzz(FUZZED_SECONDS, undefined, environment);
});
