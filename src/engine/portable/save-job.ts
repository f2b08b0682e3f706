import { throwIfAborted } from '../../base/abortable.js';
import { indelibleError } from '../../base/errors.js';
import { toSaveError } from '../../base/fs-error.js';
import { type Durability, isWeaker } from '../../base/options.js';
import { parentOf } from '../../base/path-bytes.js';
import { mayChangeOpenFiles } from '../../base/permission.js';
import type { Saved, SaveParameters, SaveRequest } from '../../base/save-request.js';
import { Directory, openNearest } from '../../fs/plain/directory.js';
import { fstat } from '../../fs/plain/plain-fs.js';
import { type PortablePlan, planFor } from '../../fs/plain/plan.js';
import { Rights } from '../../fs/plain/rights.js';
import { refuseForeignLinks } from '../../fs/plain/shared-directory.js';
import { locateAgain, locateTarget, type Target } from '../../fs/plain/target.js';
import { Temporary } from '../../fs/plain/temporary.js';
import { makeDirectories, syncUnsyncedAbove } from '../../fs/plain/unsynced-directories.js';
import { nextChunk, type Steps } from '../../fs/steps.js';
import { isExclusive, throwIfModified } from './file-version.js';
import { PinnedVersion } from './pinned-version.js';
import { PreviousVersion } from './previous-version.js';
import { Publication } from './publication.js';

/** Called in the same tick in which the publication starts. If it throws, the publication does not start. */
export type OnPublish = (publication: Publication) => void;

/** Data that does not arrive in chunks. */
type WholeData = Pick<SaveRequest, 'data' | 'size'>;

/**
 * Replaces or creates one file atomically: a whole save, from the path to the sync of the directory. A
 * failure before the publication leaves the old file unchanged and no temporary. Errors after it say
 * `published`.
 */
export function saveFile(request: SaveRequest, onPublish?: OnPublish): Steps<Saved> {
  return runSave(request, request, onPublish);
}

/**
 * The same for data that arrives in chunks. The steps stop for each chunk (`nextChunk`), first when the
 * temporary is open.
 */
export function saveFileInChunks(request: SaveParameters, onPublish: OnPublish): Steps<Saved> {
  return runSave(request, undefined, onPublish);
}

function* runSave(
  request: SaveParameters,
  whole: WholeData | undefined,
  onPublish: OnPublish | undefined,
): Steps<Saved> {
  const outcome = { published: false };
  try {
    return yield* saveSteps(request, whole, onPublish, outcome);
  } catch (error) {
    request.timer?.leave();
    throw toSaveError(error, { path: request.path, published: outcome.published });
  }
}

function* saveSteps(
  request: SaveParameters,
  whole: WholeData | undefined,
  onPublish: OnPublish | undefined,
  outcome: { published: boolean },
): Steps<Saved> {
  const { timer } = request;
  timer?.enter('locate');
  throwIfAborted(request.signal);
  const target = yield* locateTarget(request);
  const parent = parentOf(target.path);
  if (request.makeDirectories) yield* makeMissingDirectories(request, parent);
  const directory = yield* Directory.open(parent);
  const pinned = new PinnedVersion(directory.path);
  try {
    const plan = yield* acceptablePlan(request, directory);
    const previous = yield* PreviousVersion.open(request, target, plan);
    try {
      if (previous !== undefined && !previous.readable) throwIfStrict(request, 'ordered');
      // Where a filesystem does not order its writes, a crash may lose the kept version.
      const unordered = previous !== undefined && plan.replaced === 'held';
      if (unordered) throwIfStrict(request, 'none');
      const { bytes, replaced, temporary, safe } = yield* writeAndPublish(
        request,
        whole,
        target,
        directory,
        plan,
        previous ?? pinned,
        onPublish,
        outcome,
      );
      let durability = plan.achieves;
      try {
        if (needsDirectorySync(request, plan)) {
          timer?.enter('syncDirectory');
          const synced = yield* directory.sync();
          if (durability === 'durable' && !synced) durability = 'ordered';
          if (durability === 'durable' && plan.syncsFileAgain) yield* temporary.syncAgain();
        }
      } finally {
        yield* temporary.release();
      }
      if (durability === 'durable' && previous?.safe === false) durability = 'ordered';
      if (unordered || !safe) durability = 'none';
      yield* pinned.release();
      return {
        path: request.path,
        bytes,
        replaced,
        durability,
        protocol: plan.protocol,
      };
    } finally {
      if (previous !== undefined) yield* previous.close();
    }
  } finally {
    yield* pinned.discard();
    timer?.leave();
    yield* directory.close();
  }
}

/** With `strict`, makes nothing where the file could not be durable. */
function* makeMissingDirectories(request: SaveParameters, path: Buffer): Steps<void> {
  const nearest = yield* openNearest(path);
  try {
    yield* acceptablePlan(request, nearest);
    yield* makeDirectories(nearest.path, path);
    // Another user may have made them first, as links.
    yield* refuseForeignLinks(path);
  } finally {
    yield* nearest.close();
  }
}

/** @throws `ERR_INDELIBLE_NOT_DURABLE` with `strict`, if the requested durability is not available. */
function* acceptablePlan(request: SaveParameters, directory: Directory): Steps<PortablePlan> {
  const plan = yield* planFor(directory.path, request.durability);
  const synced = !needsDirectorySync(request, plan) || (yield* syncUnsyncedAbove(directory.path));
  const limit: Durability = synced && directory.readable ? 'durable' : 'ordered';
  const achieves = isWeaker(limit, plan.achieves) ? limit : plan.achieves;
  throwIfStrict(request, achieves);
  return { ...plan, achieves };
}

/** Also where a sync is not known to make the name durable: it costs little, and may do so. */
function needsDirectorySync({ durability }: SaveParameters, { protocol }: PortablePlan): boolean {
  return durability === 'durable' && protocol !== 'rename';
}

function throwIfStrict({ strict, durability, path }: SaveParameters, achieves: Durability): void {
  if (!strict || !isWeaker(achieves, durability)) return;
  const message = `The filesystem cannot make '${path}' ${durability}`;
  throw indelibleError('ERR_INDELIBLE_NOT_DURABLE', message, { syscall: 'open', path });
}

function* writeAndPublish(
  request: SaveParameters,
  whole: WholeData | undefined,
  located: Target,
  directory: Directory,
  plan: PortablePlan,
  old: PreviousVersion | PinnedVersion,
  onPublish: OnPublish | undefined,
  outcome: { published: boolean },
): Steps<{ bytes: number; replaced: boolean; temporary: Temporary; safe: boolean }> {
  let safe = true;
  let target = located;
  let rights = new Rights(request, target.replaced);
  const { timer } = request;
  timer?.enter('create');
  throwIfAborted(request.signal);
  // The producer of chunks may take long, and another program may replace the file with one of fewer rights.
  const isPrivate = whole === undefined && (mayChangeOpenFiles || request.mode === undefined);
  const mode = isPrivate ? Rights.privateMode : rights.creationMode;
  const syncs = plan.protocol === 'sync-rename-sync';
  const temporary = yield* Temporary.create(directory.path, mode, plan.local, syncs);
  try {
    if (whole !== undefined) yield* setBeforeContent(rights, mode, temporary, directory, plan);
    let bytes = 0;
    timer?.leave();
    for (let chunk = whole?.data ?? (yield* nextChunk()); chunk !== undefined; ) {
      const size = whole?.size ?? chunk.length;
      timer?.enter('write');
      yield* temporary.write(request, chunk, size);
      timer?.leave();
      bytes += size;
      chunk = whole === undefined ? yield* nextChunk() : undefined;
    }
    timer?.enter('attributes');
    throwIfAborted(request.signal);
    if (whole === undefined) {
      target = yield* locateAgain(request, target);
      rights = new Rights(request, target.replaced);
      yield* setBeforeContent(rights, mode, temporary, directory, plan);
    }
    yield* rights.setAfterContent(temporary.descriptor);
    throwIfAborted(request.signal);
    if (plan.protocol === 'sync-rename-sync') {
      timer?.enter('sync');
      safe = yield* temporary.sync();
      if (!safe) throwIfStrict(request, 'none');
    }
    if (plan.achieves !== 'durable' || !plan.syncsFileAgain) {
      timer?.enter('close');
      yield* temporary.close();
    }
    timer?.enter('rename');
    throwIfAborted(request.signal);
    yield* throwIfModified(request, target.path);
    const previous = old instanceof PreviousVersion ? old : undefined;
    if (
      old instanceof PinnedVersion &&
      plan.replaced === 'held' &&
      target.occupied &&
      !isExclusive(request)
    ) {
      safe = (yield* old.pin(target.path, plan.local)) && safe;
      if (!safe) throwIfStrict(request, 'none');
      throwIfAborted(request.signal);
    }
    const publication = new Publication(request, temporary.path, target.path, previous);
    onPublish?.(publication);
    yield* publication.run();
    outcome.published = true;
    if (publication.leavesTemporary) yield* temporary.unlink(target.path);
    const replaced = previous === undefined ? target.occupied : !publication.leavesTemporary;
    return { bytes, replaced, temporary, safe };
  } catch (error) {
    if (outcome.published) yield* temporary.release();
    else yield* temporary.discard();
    throw error;
  }
}

/** @param mode with which the temporary was created. */
function* setBeforeContent(
  rights: Rights,
  mode: number,
  temporary: Temporary,
  directory: Directory,
  { local }: PortablePlan,
): Steps<void> {
  const modelMode = rights.modelMode(mode);
  if (modelMode !== undefined) {
    const model = yield* Temporary.create(directory.path, modelMode, local, false);
    try {
      rights.model = yield* fstat(model.descriptor);
    } finally {
      yield* model.discard();
    }
  }
  yield* rights.setBeforeContent(temporary.descriptor);
}
