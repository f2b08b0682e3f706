import type { Saved, SaveRequest } from '../../base/save-request.js';
import { type QueuedSave, shared } from '../../base/shared-state.js';
import { run, runSync } from '../../fs/steps.js';
import type { Publication } from './publication.js';
import { saveFile } from './save-job.js';

/** A save that was called and is not over. It waits for its predecessor, the save to the same path before it. */
export class PendingSave implements QueuedSave {
  readonly result: Promise<Saved>;
  readonly settled: Promise<void>;
  readonly #request: SaveRequest;
  #publication: Publication | undefined;
  #failed = false;
  /** What the save came to when `finishNow` carried it out. */
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
    if (this.#outcome !== undefined) return this.#outcome();
    return await run(saveFile(this.#request, (publication) => this.#publish(publication)));
  }

  #publish(publication: Publication): void {
    if (this.#outcome !== undefined) throw new Error('This save has been carried out already.');
    this.#publication = publication;
  }

  /**
   * Publishes this save on the calling thread, for a `saveSync` that comes after it and cannot wait for the event
   * loop: it is carried out a second time from the start, and the first attempt drops its temporary when it comes to
   * publish. If the publication is under way, only that is finished; the sync of the directory takes its course.
   *
   * @throws if the publication is under way and fails; any other failure is this save's own.
   */
  finishSync(): void {
    if (this.#failed) return;
    if (this.#publication !== undefined) this.#publication.finishSync();
    else this.#outcome ??= outcomeOf(this.#request);
  }
}

function outcomeOf(request: SaveRequest): () => Saved {
  try {
    // What the first attempt takes is measured, since it goes on beside this one.
    const { timer: _, ...untimed } = request;
    const saved = runSync(saveFile(untimed));
    return () => saved;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
