// For vitest where not every test of the behaviour suite applies: on systems other than Linux, and in the network lab.
import { basename } from 'node:path';
import { beforeEach } from 'vitest';
import { whyInapplicable } from './inapplicable.js';

declare module 'vitest' {
  interface TaskMeta {
    /** Why the test does not apply. */
    inapplicable?: string;
  }
}

beforeEach(({ task, skip }) => {
  const names = [task.name];
  for (let { suite } = task; suite !== undefined; { suite } = suite) names.unshift(suite.name);
  const inapplicable = whyInapplicable(basename(task.file.name), names.join(' > '));
  if (inapplicable === undefined) return;
  const { reason, expectFailure = false } = inapplicable;
  task.meta.inapplicable = reason;
  // A test that passes all the same is reported, so that the list stays true.
  if (expectFailure) Object.assign(task, { fails: true });
  else skip(reason);
});
