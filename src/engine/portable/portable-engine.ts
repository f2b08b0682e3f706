import { settlePromptly } from '../../base/abortable.js';
import { queueKey } from '../../base/path-bytes.js';
import { noTemporaryFileError } from '../../base/save-errors.js';
import type { Saved, SaveParameters, SaveRequest } from '../../base/save-request.js';
import { type QueuedSave, shared } from '../../base/shared-state.js';
import { runSync } from '../../fs/steps.js';
import { type Engine, type StreamingSave, type StreamingSaveSync, settle } from '../engine.js';
import { PendingSave } from './pending-save.js';
import { saveFile } from './save-job.js';
import { PortableStreamingSave, PortableStreamingSaveSync } from './streaming-save.js';
import { portableUpdateQueue } from './update-queue.js';

/**
 * The engine on plain `fs`, used if the addon cannot be loaded. Its limits compared with the native engine:
 *
 * - Each call resolves the path again, so a parent directory must not be renamed while a save is running.
 * - It runs on Node's shared worker pool.
 * - The order of saves to one path is kept within one thread, not between the worker threads of a process.
 * - A `saveSync` does not wait for a stream that has ended and is not published yet. The stream's content
 *   then replaces it.
 * - A process that ends while a save is pending may leave its temporary behind.
 * - Plain `fs` has no locks, so `update` keeps only the order of its own thread, and only with `lock:
 *   'thread'`.
 * - Plain `fs` has no `RENAME_EXCHANGE` and no `RENAME_NOREPLACE`: `exchange` and `renameExclusive` are
 *   unsupported, and so are `openTemporary` and the replacement of a directory that is not empty.
 * - With `keepPrevious`, a version that another program creates just before the rename is replaced and not
 *   kept.
 * - A directory that may be written but not read cannot be synced. There at most `'ordered'` is achieved.
 */
export const portableEngine: Engine = {
  name: 'portable',

  save(request: SaveRequest): Promise<Saved> {
    return inOrder(request, (predecessor) => new PendingSave(request, predecessor));
  },

  saveSync(request: SaveRequest): Saved {
    return inOrderSync(request, () => runSync(saveFile(request)));
  },

  saveGroupSync(requests: readonly SaveRequest[]): PromiseSettledResult<Saved>[] {
    return requests.map((request) => settle(() => this.saveSync(request)));
  },

  open(request: SaveParameters): Promise<StreamingSave> {
    return PortableStreamingSave.open(request, (save) =>
      inOrder(request, (predecessor) => pendingPublication(save, predecessor)),
    );
  },

  async publish({ path }: SaveParameters): Promise<Saved> {
    throw noTemporaryFileError(path, 'The portable engine');
  },

  publishSync({ path }: SaveParameters): Saved {
    throw noTemporaryFileError(path, 'The portable engine');
  },

  openSync(request: SaveParameters): StreamingSaveSync {
    return new PortableStreamingSaveSync(request, (publish) => inOrderSync(request, publish));
  },

  updates: portableUpdateQueue,

  issueId(): number {
    shared.lastId += 1;
    return shared.lastId;
  },
};

function inOrder(
  { path, timer, signal }: SaveParameters,
  begin: (predecessor: QueuedSave | undefined) => QueuedSave,
): Promise<Saved> {
  timer?.enter('queue');
  const key = queueKey(path);
  const queue = shared.pathQueues.get(key) ?? [];
  const save = begin(queue.at(-1));
  queue.push(save);
  shared.pathQueues.set(key, queue);
  const ended = save.result.finally(() => {
    queue.shift();
    if (queue.length === 0) shared.pathQueues.delete(key);
  });
  return settlePromptly(ended, signal, save);
}

/** A streaming save whose data is complete. It waits for its predecessor. */
function pendingPublication(save: PortableStreamingSave, predecessor: QueuedSave | undefined): QueuedSave {
  const publish = async (): Promise<Saved> => {
    await predecessor?.settled;
    return await shared.saveSlots.run(() => save.publish());
  };
  const result = publish();
  const ignore = () => undefined;
  return { result, settled: result.then(ignore, ignore), cancel: () => !save.publishes };
}

function inOrderSync({ path, timer }: SaveParameters, publish: () => Saved): Saved {
  timer?.enter('queue');
  const earlier = [...(shared.pathQueues.get(queueKey(path)) ?? [])];
  for (const save of earlier) save.finishSync?.();
  return publish();
}
