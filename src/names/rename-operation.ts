import { failedWith, mountPointError, UNSUPPORTED } from '../base/fs-error.js';
import type { AbsolutePath } from '../base/path.js';
import type { FileSystemCalls } from '../fs/file-system-calls.js';
import type { Steps } from '../fs/steps.js';
import {
  achievable,
  type NameChange,
  refuseIfWeaker,
  syncNames,
  syncsNames,
  type Wanted,
} from './durability.js';
import { type EntryPath, isInside, isMountPoint, withEntryPath } from './entry-path.js';
import { type Operation, pathsOf, tellingPublished, unsupportedOperation } from './errors.js';

/** Two names, and what is done to them in one step. The last components are not followed. */
export interface RenameRequest extends Wanted {
  readonly operation: Operation;
  readonly from: AbsolutePath;
  readonly to: AbsolutePath;
}

/** Makes the step and, where the plan says so, its names durable. */
export function* renameOperation(calls: FileSystemCalls, request: RenameRequest): Steps<NameChange> {
  const { operation } = request;
  const rename = calls[operation];
  if (rename === undefined) throw unsupportedOperation(calls, operation, request.from, request.to);
  return yield* tellingPublished(request.to, (outcome) =>
    withEntryPath(calls, request.from, (from) =>
      withEntryPath(
        calls,
        request.to,
        function* (to) {
          const plan = yield* calls.planFor(to.directory, request.durability);
          const achieves = achievable(plan, [from, to]);
          refuseIfWeaker(achieves, request, request.to);
          try {
            yield* rename.call(calls, from.directory, from.name, to.directory, to.name);
          } catch (error) {
            throw yield* explained(calls, operation, error, from, to);
          }
          outcome.published = true;
          if (!syncsNames(plan, request)) return { durability: achieves };
          // The new name first.
          return { durability: yield* syncNames(calls, plan, achieves, [to, from]) };
        },
        from,
      ),
    ),
  );
}

/** What the error number alone does not tell. */
function* explained(
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
    return mountPointError('rename', from.asked, to.asked);
  }
  // rename(2): EINVAL also says that a directory would become a part of itself.
  if (
    failedWith(error, ...UNSUPPORTED) &&
    !(failedWith(error, 'EINVAL') && (yield* isImpossible(calls, operation, from, to)))
  ) {
    return unsupportedOperation(calls, operation, from.asked, to.asked);
  }
  return pathsOf(error, from.asked, to.asked);
}

function* isImpossible(
  calls: FileSystemCalls,
  operation: Operation,
  from: EntryPath,
  to: EntryPath,
): Steps<boolean> {
  if (yield* isInside(calls, to, from)) return true;
  return operation === 'exchange' && (yield* isInside(calls, from, to));
}
