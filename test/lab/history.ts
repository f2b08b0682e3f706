/** What a scenario process did. The events are in the order in which they happened. */
export type LabEvent =
  /** The volume is mounted and the scenario begins. */
  | { event: 'began' }
  /** From here on each replaced version of `file` is kept at `path`. */
  | ({ event: 'keeping' } & Keeping)
  /**
   * A save is about to be called. `unsafe`: it promises nothing about power loss. `files`: how many files
   * there are in a tree.
   */
  | { event: 'saving'; file: string; version: number; length: number; unsafe?: boolean; files?: number }
  /** It resolved. `durable`: whether it promised to survive power loss. */
  | { event: 'saved'; file: string; version: number; durable: boolean }
  /** It was rejected. `published`: whether the new content may nevertheless be at the path. */
  | { event: 'rejected'; file: string; version: number; published: boolean; error: string }
  /** The scenario has ended. */
  | { event: 'ended' };

/** An event, and how many requests the disk had completed when the event was seen. */
export type StampedEvent = LabEvent & { at: number };

/** Where the version that `file` had before its present one is kept. */
export interface Keeping {
  file: string;
  path: string;
  /** The version is here until it is moved to `path`. */
  movedFrom?: string;
}

/** What one version of a file was promised. */
export interface Version {
  version: number;
  length: number;
  /**
   * Requests completed when the save resolved as durable. From there on this version or a newer one must be
   * found.
   */
  durableAt: number | undefined;
  /** The number of files, if it is a tree. */
  files: number | undefined;
  /** The file may be torn until a newer version is durable. */
  unsafe: boolean;
  /** The error, if the save was rejected before it was published: this version must never be found. */
  rejected: string | undefined;
}

/** Every version of every file: those that existed before the recording, and those that were saved. */
export class History {
  readonly #files = new Map<string, Version[]>();
  readonly #kept: Keeping[] = [];
  /** Requests completed when the scenario began. */
  readonly begin: number;
  /** Requests completed when it ended. */
  readonly end: number;

  /** @throws if the scenario did not end. */
  constructor(events: readonly StampedEvent[]) {
    const at: Partial<Record<LabEvent['event'], number>> = {};
    for (const event of events) {
      at[event.event] = event.at;
      if (event.event !== 'began' && event.event !== 'ended') this.#add(event);
    }
    if (at.began === undefined || at.ended === undefined) throw new Error('the scenario did not end');
    this.begin = at.began;
    this.end = at.ended;
  }

  get files(): ReadonlyMap<string, readonly Version[]> {
    return this.#files;
  }

  get kept(): readonly Keeping[] {
    return this.#kept;
  }

  /** How many saves resolved as durable. */
  get durableSaves(): number {
    return [...this.#files.values()]
      .flat()
      .filter(({ version, durableAt }) => version > 0 && durableAt !== undefined).length;
  }

  #add(event: Exclude<StampedEvent, { event: 'began' | 'ended' }>): void {
    if (event.event === 'keeping') {
      this.#kept.push(event);
      return;
    }
    const { file, version } = event;
    if (event.event === 'saving') {
      const versions = this.#files.get(file) ?? [];
      this.#files.set(file, versions);
      const { length, unsafe = false, files } = event;
      versions.push({ version, length, files, durableAt: undefined, unsafe, rejected: undefined });
      return;
    }
    const saved = this.#files.get(file)?.find((one) => one.version === version);
    if (saved === undefined) throw new Error(`version ${version} of ${file} was never begun`);
    if (event.event === 'saved' && event.durable) saved.durableAt = event.at;
    if (event.event === 'rejected' && !event.published) saved.rejected = event.error;
  }
}
