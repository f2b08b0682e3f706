import { failedWith } from '../../base/fs-error.js';
import { changed } from '../../base/save-errors.js';
import type { OpenRequest } from '../../base/save-request.js';
import { lstatExactly } from '../../fs/plain/plain-fs.js';
import type { Steps } from '../../fs/steps.js';

/** Whether the target may only be created: a link does that in one step, and needs no look before. */
export function isExclusive({ ifExists, expected }: Pick<OpenRequest, 'ifExists' | 'expected'>): boolean {
  return ifExists === 'fail' || expected === 'missing';
}

/**
 * The last step before the rename. Between the two calls somebody may still replace the file: there is no rename that
 * depends on what it replaces.
 *
 * @throws `ERR_INDELIBLE_CHANGED`.
 */
export function* refuseIfChanged({ path, expected }: OpenRequest, target: Buffer): Steps<void> {
  if (typeof expected !== 'object') return;
  try {
    const standing = yield* lstatExactly(target);
    const same =
      standing.dev === expected.dev &&
      standing.ino === expected.ino &&
      standing.size === expected.size &&
      standing.mtimeNs === expected.mtimeNs &&
      standing.ctimeNs === expected.ctimeNs;
    if (same) return;
  } catch (error) {
    if (!failedWith(error, 'ENOENT', 'ENOTDIR')) throw error;
  }
  throw changed(path);
}
