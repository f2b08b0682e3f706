import { failedWith } from '../../base/fs-error.js';
import { modifiedError } from '../../base/save-errors.js';
import type { SaveParameters } from '../../base/save-request.js';
import { lstatExactly } from '../../fs/plain/plain-fs.js';
import type { Steps } from '../../fs/steps.js';

/**
 * Whether the target may only be created. A link does that atomically, so the target need not be checked
 * before.
 */
export function isExclusive({ ifExists, expected }: Pick<SaveParameters, 'ifExists' | 'expected'>): boolean {
  return ifExists === 'fail' || expected === 'missing';
}

/**
 * The last step before the rename. Another program may still replace the file between the two calls: there is
 * no rename that depends on the version that it replaces.
 *
 * @throws `ERR_INDELIBLE_CHANGED`.
 */
export function* throwIfModified({ path, expected }: SaveParameters, target: Buffer): Steps<void> {
  if (typeof expected !== 'object') return;
  try {
    const existing = yield* lstatExactly(target);
    const same =
      existing.dev === expected.dev &&
      existing.ino === expected.ino &&
      existing.size === expected.size &&
      existing.mtimeNs === expected.mtimeNs &&
      existing.ctimeNs === expected.ctimeNs;
    if (same) return;
  } catch (error) {
    if (!failedWith(error, 'ENOENT', 'ENOTDIR')) throw error;
  }
  throw modifiedError(path);
}
