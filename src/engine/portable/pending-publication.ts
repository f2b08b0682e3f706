import { type Pending, shared } from '../../base/shared-state.js';
import type { Saved } from '../engine.js';
import type { PortableOpenSave } from './streaming-save.js';

/** A save whose data is complete, and that waits for its predecessor to be published. */
export class PendingPublication implements Pending {
  readonly result: Promise<Saved>;
  readonly over: Promise<void>;
  readonly #save: PortableOpenSave;

  constructor(save: PortableOpenSave, predecessor: Pending | undefined) {
    this.#save = save;
    this.result = this.#run(predecessor?.over);
    const ignore = () => undefined;
    this.over = this.result.then(ignore, ignore);
  }

  async #run(before: Promise<void> | undefined): Promise<Saved> {
    await before;
    return await shared.savesAtOnce.run(() => this.#save.publish());
  }

  finishNow(): void {
    this.#save.finishNow();
  }

  supersede(by: Saved): void {
    this.#save.supersede(by);
  }
}
