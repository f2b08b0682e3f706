import type { Steps } from '../steps.js';
import type { Directory } from './directory.js';
import { Temporary } from './temporary.js';

/**
 * For `PortablePlan.syncsFileAgain` where there is no new file, by one that is there for so long only. A subvolume of btrfs has
 * one log (fs/btrfs/tree-log.c, btrfs_sync_log): the sync of any file in it waits for all that was put there before.
 */
export function* commitLog({ path }: Pick<Directory, 'path'>): Steps<void> {
  const file = yield* Temporary.create(path, 0o600);
  try {
    yield* file.syncAgain();
  } finally {
    yield* file.discard();
  }
}
