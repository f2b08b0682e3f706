import { abortError, indelibleError, type SaveError, systemError, withPublished } from '../base/errors.js';
import { HINTS } from '../base/fs-error.js';
import type { AbsolutePath } from '../base/path.js';
import { cannotKeepPreviousError, modifiedError, previousIsTargetError } from '../base/save-errors.js';
import type { SaveParameters } from '../base/save-request.js';
import type { Failure } from './wire.js';

/** Converts a failure from the addon to the error with which a save rejects. */
export function saveErrorOf(request: SaveParameters, failure: Failure): SaveError {
  return withPublished(errorOf(request, failure), failure.published);
}

function errorOf(request: SaveParameters, failure: Failure): SaveError {
  const where = { syscall: failure.syscall, path: failure.path ?? request.path };
  switch (failure.reason) {
    case 'cancelled':
      if (request.signal?.aborted) return abortError(request.signal);
      break;
    case 'not-durable':
      return indelibleError(
        'ERR_INDELIBLE_NOT_DURABLE',
        `The filesystem cannot make '${where.path}' ${request.durability}`,
        where,
      );
    case 'unsupported':
      return indelibleError(
        'ERR_INDELIBLE_UNSUPPORTED',
        `The filesystem has no atomic way to create '${where.path}' only if it does not exist`,
        where,
      );
    case 'changed':
      return modifiedError(request.path);
    case 'cannot-keep':
      return cannotKeepPreviousError(request);
    case 'same-path':
      return previousIsTargetError(request);
    default:
      break;
  }
  return targetError(request.path, failure);
}

/** The error for a target that cannot be opened or replaced. */
export function targetError(requested: AbsolutePath, failure: Failure): SaveError {
  const where = { syscall: failure.syscall, path: failure.path ?? requested };
  if (failure.reason === 'not-a-file') {
    const message = `Not a regular file; only regular files are replaced: '${where.path}'`;
    return indelibleError('ERR_INDELIBLE_NOT_A_FILE', message, where);
  }
  const hint = hintOf(failure);
  return systemError({ ...failure, ...where, ...(hint !== undefined && { hint }) });
}

/** The explanation of a failure whose error number alone would be hard to understand. */
export function hintOf({ reason }: Failure): string | undefined {
  return reason in HINTS ? HINTS[reason as keyof typeof HINTS] : undefined;
}
