// For vitest on systems other than Linux: skips the tests that do not apply, with the reason.
import { basename } from 'node:path';
import { beforeEach } from 'vitest';
import { whyInapplicable } from './inapplicable.js';

beforeEach(({ task, skip }) => {
  const names = [task.name];
  for (let { suite } = task; suite !== undefined; { suite } = suite) names.unshift(suite.name);
  const reason = whyInapplicable(basename(task.file.name), names.join(' > '));
  skip(reason !== undefined, reason);
});
