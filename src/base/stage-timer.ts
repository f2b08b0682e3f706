/** How long a save was in each stage, in nanoseconds, in the order in which it comes to them. 0: it did not come to it. */
export interface StageTimes {
  /** Waits for a thread or a place, or to be begun after an earlier save to its path. */
  queue: number;
  /** Opens the directory, follows symbolic links, looks at the target, chooses the protocol, makes missing directories. */
  locate: number;
  /** Creates the temporary. */
  create: number;
  /** Writes the data. */
  write: number;
  /** Sets owner, extended attributes and mode; of data in chunks also the second look at the target. */
  attributes: number;
  /** Syncs the data, or has it written back. */
  sync: number;
  /** Closes the file, where that may fail. */
  close: number;
  /** Waits to be published: for earlier saves to its path, and for the saves that share its commit. */
  wait: number;
  /** Links and renames. */
  rename: number;
  /** Syncs the directory, once for all saves that share a commit: each counts it in full. */
  syncDirectory: number;
}

export type Stage = keyof StageTimes;

/** How long a save has been in each stage. There is one only where somebody listens: otherwise no clock is looked at. */
export class StageTimer {
  /** In nanoseconds. */
  readonly spent: StageTimes = {
    ...{ queue: 0, locate: 0, create: 0, write: 0, attributes: 0 },
    ...{ sync: 0, close: 0, wait: 0, rename: 0, syncDirectory: 0 },
  };
  #stage: Stage | undefined;
  #since = 0n;

  /** The stage before ends here. */
  enter(stage: Stage): void {
    this.leave();
    this.#stage = stage;
  }

  /** What follows counts for nothing, until a stage is entered. */
  leave(): void {
    const now = process.hrtime.bigint();
    if (this.#stage !== undefined) this.spent[this.#stage] += Number(now - this.#since);
    this.#stage = undefined;
    this.#since = now;
  }
}
