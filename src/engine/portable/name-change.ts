import { lstat, rename, symlink, unlink } from '../../fs/plain-fs.js';
import type { Steps } from '../../fs/steps.js';
import type { NameChange, NameChangeRequest } from '../engine.js';
import { namesNotDurable, notASymlink, unsupportedNameChange } from '../name-change-errors.js';
import { commitLog } from './commit-log.js';
import { Directory } from './directory.js';
import { failedWith, failure } from './failure.js';
import { whileInUse } from './in-use.js';
import { bytesOfPath, inDirectory, parentOf } from './path-bytes.js';
import { isWeaker, type PortablePlan, planFor } from './plan.js';
import { temporaryName } from './temporary-name.js';

/** How often a link's name may be found free and then taken, or taken and then free. */
const MOST_ATTEMPTS = 10;

/** Of the changes of names, plain `fs` can make one in one step: a new symbolic link renamed over an old one. */
export function* changeNames(request: NameChangeRequest): Steps<NameChange> {
  if (request.kind !== 'replaceSymlink') {
    const { kind, from, to } = request;
    throw unsupportedNameChange(kind, from, to, 'The portable engine');
  }
  const outcome = { published: false };
  try {
    return yield* replaceSymlink(request, outcome);
  } catch (error) {
    throw failure(error, { path: request.to, published: outcome.published });
  }
}

function* replaceSymlink(request: NameChangeRequest, outcome: { published: boolean }): Steps<NameChange> {
  const path = bytesOfPath(request.to);
  const directory = yield* Directory.open(parentOf(path));
  try {
    const { achieves, protocol, syncsFileAgain } = yield* achievablePlan(request, directory);
    yield* putLink(bytesOfPath(request.from), path, request);
    outcome.published = true;
    const syncs = request.durability === 'durable' && protocol !== 'rename';
    const synced = syncs && (yield* directory.sync());
    if (synced && syncsFileAgain) yield* commitLog(directory);
    return { durability: achieves === 'durable' && !synced ? 'ordered' : achieves };
  } finally {
    yield* directory.close();
  }
}

function* achievablePlan(
  { durability, strict, to }: NameChangeRequest,
  directory: Directory,
): Steps<PortablePlan> {
  const plan = yield* planFor(directory.path, durability);
  // Without a journal a directory's sync does not take the link's inode along, and plain `fs` has no syncfs.
  const reachable = plan.replaced === 'held' ? 'none' : directory.readable ? 'durable' : 'ordered';
  const achieves = isWeaker(reachable, plan.achieves) ? reachable : plan.achieves;
  if (strict && isWeaker(achieves, durability)) throw namesNotDurable(to);
  return { ...plan, achieves };
}

function* putLink(target: Buffer, path: Buffer, request: NameChangeRequest): Steps<void> {
  for (let attempt = 1; ; attempt += 1) {
    const standing = yield* whatStands(path);
    if (standing === 'symlink') return yield* putOver(target, path);
    if (standing === 'other') throw notASymlink(request.to);
    try {
      return yield* symlink(target, path);
    } catch (error) {
      if (attempt === MOST_ATTEMPTS || !failedWith(error, 'EEXIST')) throw error;
    }
  }
}

function* whatStands(path: Buffer): Steps<'symlink' | 'other' | undefined> {
  try {
    return (yield* lstat(path)).isSymbolicLink() ? 'symlink' : 'other';
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function* putOver(target: Buffer, path: Buffer): Steps<void> {
  const temporary = inDirectory(parentOf(path), temporaryName());
  yield* symlink(target, temporary);
  try {
    yield* whileInUse(() => rename(temporary, path));
  } catch (error) {
    try {
      yield* whileInUse(() => unlink(temporary));
    } catch {
      // The first error is the one to report; what remains is litter for `sweep`.
    }
    throw error;
  }
}
