import { nowExactly } from './clock.js';

/**
 * The time that a save spent in each stage, in nanoseconds, in the order of the stages. 0: the stage was not
 * reached.
 *
 * @category Events
 */
export interface StageTimes {
  /** Waits for a thread or a slot, or for an earlier save to its path. */
  queue: number;
  /**
   * Opens the directory, follows symbolic links, inspects the target, chooses the protocol, makes missing
   * directories.
   */
  locate: number;
  /** Creates the temporary. */
  create: number;
  /** Writes the data. */
  write: number;
  /** Sets owner, extended attributes and mode. For data in chunks it also inspects the target again. */
  attributes: number;
  /** Syncs the data, or starts and awaits its writeback. */
  sync: number;
  /** Closes the file, where closing may fail. */
  close: number;
  /** Waits to be published: for earlier saves to its path, and for the saves that share its commit. */
  wait: number;
  /** Makes links and renames. */
  rename: number;
  /** Syncs the directory, once for all saves that share a commit. Each of them counts the whole time. */
  syncDirectory: number;
}

export type Stage = keyof StageTimes;

/**
 * Measures the stages of a save. Only a save that is observed has a timer: without subscribers the clock is
 * not read.
 */
export class StageTimer {
  /** In nanoseconds. */
  readonly spent: StageTimes = {
    ...{ queue: 0, locate: 0, create: 0, write: 0, attributes: 0 },
    ...{ sync: 0, close: 0, wait: 0, rename: 0, syncDirectory: 0 },
  };
  #stage: Stage | undefined;
  #enteredAt = 0n;

  /** Ends the previous stage. */
  enter(stage: Stage): void {
    this.leave();
    this.#stage = stage;
  }

  /** Ends the stage. Until the next `enter`, time is not counted. */
  leave(): void {
    const now = nowExactly();
    if (this.#stage !== undefined) this.spent[this.#stage] += Number(now - this.#enteredAt);
    this.#stage = undefined;
    this.#enteredAt = now;
  }
}
