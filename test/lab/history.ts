/** What a scenario process did, in the order in which it happened. */
export type LabEvent =
  /** The volume is mounted and the scenario begins. */
  | { event: 'began' }
  /** From here on each version of `file` that is replaced is kept under `under`. */
  | ({ event: 'keeping' } & Keeping)
  /**
   * A save is about to be called; `unsafe` is one that promises nothing about power loss, `files` tells how many there are
   * in a tree.
   */
  | { event: 'saving'; file: string; version: number; length: number; unsafe?: boolean; files?: number }
  /** It resolved; `durable` is whether it promised to survive power loss. */
  | { event: 'saved'; file: string; version: number; durable: boolean }
  /** It was rejected; `published` is whether the new content may stand under the path all the same. */
  | { event: 'rejected'; file: string; version: number; published: boolean; error: string }
  /** The scenario has come to its end. */
  | { event: 'ended' };

/** An event, and how many requests the disk had carried out when it was noticed. */
export type StampedEvent = LabEvent & { at: number };

/** Where the version before the one that stands under `file` is found. */
export interface Keeping {
  file: string;
  under: string;
  /** Or there, until it is moved. */
  or?: string;
}

/** What one version of a file was promised. */
export interface Version {
  version: number;
  length: number;
  /** Requests carried out when the save resolved as durable; from there on this version or a newer one must be found. */
  durableAt: number | undefined;
  /** Of a tree: how many files. */
  files: number | undefined;
  /** Until a newer version is durable the file may be torn. */
  unsafe: boolean;
  /** Rejected before it was published: must never be found. */
  rejected: string | undefined;
}

/** Every version of every file: what there was before the recording, and what was saved. */
export class History {
  readonly #files = new Map<string, Version[]>();
  readonly #kept: Keeping[] = [];
  /** Requests carried out when the scenario began. */
  readonly begin: number;
  /** Requests carried out when it ended. */
  readonly end: number;

  /** @throws if the scenario did not come to its end. */
  constructor(events: readonly StampedEvent[]) {
    const at: Partial<Record<LabEvent['event'], number>> = {};
    for (const event of events) {
      at[event.event] = event.at;
      if (event.event !== 'began' && event.event !== 'ended') this.#add(event);
    }
    if (at.began === undefined || at.ended === undefined)
      throw new Error('the scenario did not come to its end');
    this.begin = at.began;
    this.end = at.ended;
  }

  get files(): ReadonlyMap<string, readonly Version[]> {
    return this.#files;
  }

  get kept(): readonly Keeping[] {
    return this.#kept;
  }

  /** How many saves resolved with the promise of durability. */
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
