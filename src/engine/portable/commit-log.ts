import type { Directory } from './directory.js';
import type { Steps } from './steps.js';
import { Temporary } from './temporary.js';

/** For `PortablePlan.syncsFileAgain` where there is no new file: any that nobody else syncs has the same effect. */
export function* syncSomeFile({ path }: Directory): Steps<void> {
  const file = yield* Temporary.create(path, 0o600);
  try {
    yield* file.syncAgain();
  } finally {
    yield* file.discard();
  }
}
