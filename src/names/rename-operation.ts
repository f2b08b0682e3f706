import { failedWith, mountPointError } from '../base/fs-error.js';
import type { AbsolutePath } from '../base/path.js';
import type { FileSystemCalls } from '../fs/file-system-calls.js';
import { mayBeUnavailable } from '../fs/optional-calls.js';
import type { Steps } from '../fs/steps.js';
import {
  achievableDurability,
  type DurabilityRequest,
  type NameChange,
  needsDirectorySync,
  refuseIfWeaker,
  syncDirectories,
} from './durability.js';
import { type EntryPath, isInside, isMountPoint, isSameMount, withEntryPath } from './entry-path.js';
import { errorWithPaths, type Operation, unsupportedOperationError, withPublishedState } from './errors.js';

/** An atomic operation on two paths. A symbolic link as the last component is not followed. */
export interface RenameRequest extends DurabilityRequest {
  readonly operation: Operation;
  readonly from: AbsolutePath;
  readonly to: AbsolutePath;
}

/** Makes the operation. Makes its names durable if the plan and the request require it. */
export function* renameOperation(calls: FileSystemCalls, request: RenameRequest): Steps<NameChange> {
  const { operation } = request;
  const rename = calls[operation];
  if (rename === undefined) throw unsupportedOperationError(calls, operation, request.from, request.to);
  return yield* withPublishedState(request.to, (outcome) =>
    withEntryPath(calls, request.from, (from) =>
      withEntryPath(
        calls,
        request.to,
        function* (to) {
          const plan = yield* calls.planFor(to.directory, request.durability);
          const achieves = achievableDurability(plan, [from, to]);
          refuseIfWeaker(achieves, request, request.to);
          try {
            yield* rename.call(calls, from.directory, from.name, to.directory, to.name);
          } catch (error) {
            throw yield* explainError(calls, operation, error, from, to);
          }
          outcome.published = true;
          if (!needsDirectorySync(plan, request)) return { durability: achieves };
          // The new name first.
          return { durability: yield* syncDirectories(calls, plan, achieves, [to, from]) };
        },
        from,
      ),
    ),
  );
}

/** Adds details that the error number does not contain. */
function* explainError(
  calls: FileSystemCalls,
  operation: Operation,
  error: unknown,
  from: EntryPath,
  to: EntryPath,
): Steps<unknown> {
  if (
    failedWith(error, 'EBUSY') &&
    ((yield* isMountPoint(calls, from)) || (yield* isMountPoint(calls, to)))
  ) {
    return mountPointError('rename', from.path, to.path);
  }
  // rename(2): EINVAL also means that a directory would become a subdirectory of itself.
  if (
    mayBeUnavailable(operation, error) &&
    !(failedWith(error, 'EINVAL') && (yield* wouldNest(calls, operation, from, to)))
  ) {
    return unsupportedOperationError(calls, operation, from.path, to.path);
  }
  return errorWithPaths(error, from.path, to.path, isSameMount(from.directory, to.directory));
}

function* wouldNest(
  calls: FileSystemCalls,
  operation: Operation,
  from: EntryPath,
  to: EntryPath,
): Steps<boolean> {
  if (yield* isInside(calls, to, from)) return true;
  return operation === 'exchange' && (yield* isInside(calls, from, to));
}
