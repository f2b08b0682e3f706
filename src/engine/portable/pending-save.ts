import { throwIfAborted } from '../../base/abortable.js';
import { now, pause } from '../../base/clock.js';
import { failedWith } from '../../base/fs-error.js';
import type { Saved, SaveRequest } from '../../base/save-request.js';
import { type QueuedSave, shared } from '../../base/shared-state.js';
import { run, runSync } from '../../fs/steps.js';
import type { Publication } from './publication.js';
import { saveFile } from './save-job.js';

/**
 * How long a save waits for descriptors that other saves, or the rest of the program, close, after the last
 * save has succeeded. In milliseconds.
 */
const DESCRIPTOR_TIMEOUT = 5000;
const DESCRIPTOR_PAUSE = 20;

/** A save that has not ended. It waits for its predecessor, the previous save to the same path. */
export class PendingSave implements QueuedSave {
  readonly result: Promise<Saved>;
  readonly settled: Promise<void>;
  readonly #request: SaveRequest;
  #publication: Publication | undefined;
  #failed = false;
  /** The outcome of the save, if `finishSync` made it. */
  #outcome: (() => Saved) | undefined;

  constructor(request: SaveRequest, predecessor: QueuedSave | undefined) {
    this.#request = request;
    this.result = this.#run(predecessor?.settled);
    const ignore = () => undefined;
    this.settled = this.result.then(ignore, ignore);
  }

  async #run(before: Promise<void> | undefined): Promise<Saved> {
    await before;
    try {
      return await shared.saveSlots.run(() => this.#save());
    } catch (error) {
      if (this.#outcome !== undefined) return this.#outcome();
      this.#failed = true;
      throw error;
    }
  }

  async #save(): Promise<Saved> {
    try {
      return await this.#attempt();
    } catch (error) {
      if (!lacksDescriptors(error)) throw error;
    }
    // If all tried again at once, each might get one of the two descriptors that it needs.
    return await shared.descriptorRetry.run(() => this.#retry());
  }

  async #attempt(): Promise<Saved> {
    if (this.#outcome !== undefined) return this.#outcome();
    this.#publication = undefined;
    const saved = await run(saveFile(this.#request, (publication) => this.#publish(publication)));
    shared.lastSavedAt = now();
    return saved;
  }

  async #retry(): Promise<Saved> {
    for (const begin = now(); ; await pause(DESCRIPTOR_PAUSE)) {
      try {
        return await this.#attempt();
      } catch (error) {
        const waited = now() - Math.max(begin, shared.lastSavedAt);
        if (!lacksDescriptors(error) || waited > DESCRIPTOR_TIMEOUT) throw error;
      }
    }
  }

  cancel(): boolean {
    return this.#publication === undefined && this.#outcome === undefined;
  }

  #publish(publication: Publication): void {
    throwIfAborted(this.#request.signal);
    if (this.#outcome !== undefined) throw new Error('The save is already finished');
    this.#publication = publication;
  }

  /**
   * Publishes this save on the calling thread, for a later `saveSync` that cannot wait for the event loop.
   * The save runs a second time from the start, and the first attempt removes its temporary instead of
   * publishing it. If the publication has already started, only the publication is finished here; the first
   * attempt syncs the directory.
   *
   * @throws if the publication has started and fails. Any other failure is reported by this save.
   */
  finishSync(): void {
    if (this.#failed) return;
    if (this.#publication !== undefined) this.#publication.finishSync();
    else this.#outcome ??= outcomeOf(this.#request);
  }
}

/** The process, or the system, may open no more files, and nothing was published. */
function lacksDescriptors(error: unknown): boolean {
  return (
    failedWith(error, 'EMFILE', 'ENFILE') &&
    error instanceof Error &&
    'published' in error &&
    error.published === false
  );
}

function outcomeOf(request: SaveRequest): () => Saved {
  try {
    // The timer measures the first attempt, which continues in parallel.
    const { timer: _, ...untimed } = request;
    const saved = runSync(saveFile(untimed));
    return () => saved;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
