import type { SaveError } from '../errors.js';
import type { Addon, NativeFailure, NativeRead } from './addon.js';
import type { FileRead, FileUpdate, FileUpdateSync, Saved, SaveRequest } from './engine.js';

/** What the native engine knows about an update. */
export interface Updating {
  readonly addon: Addon;
  readonly ticket: number;
  readonly arguments: NativeRead;
  failure(failure: NativeFailure): SaveError;
  save(request: SaveRequest): Promise<Saved>;
  saveSync(request: SaveRequest): Saved;
}

type Answer = Awaited<ReturnType<Addon['readForUpdate']>>;

/** An update whose lock and reading are the addon's. */
export class NativeFileUpdate implements FileUpdate {
  readonly #updating: Updating;
  #begun = false;

  constructor(updating: Updating) {
    this.#updating = updating;
  }

  async read(): Promise<FileRead | number> {
    const { addon, arguments: read } = this.#updating;
    this.#begun = true;
    return readFrom(await addon.readForUpdate(...read), this.#updating);
  }

  save(request: SaveRequest): Promise<Saved> {
    return this.#updating.save(request);
  }

  async end(): Promise<void> {
    if (this.#begun) await this.#updating.addon.endUpdate(this.#updating.ticket);
  }
}

/** The same on the calling thread. */
export class NativeFileUpdateSync implements FileUpdateSync {
  readonly #updating: Updating;
  #begun = false;

  constructor(updating: Updating) {
    this.#updating = updating;
  }

  read(): FileRead | number {
    const { addon, arguments: read } = this.#updating;
    this.#begun = true;
    return readFrom(addon.readForUpdateSync(...read), this.#updating);
  }

  save(request: SaveRequest): Saved {
    return this.#updating.saveSync(request);
  }

  end(): void {
    if (this.#begun) this.#updating.addon.endUpdateSync(this.#updating.ticket);
  }
}

function readFrom(answer: Answer, { failure }: Updating): FileRead | number {
  if (typeof answer === 'number') return answer;
  if (answer === null) return { content: undefined };
  if (Buffer.isBuffer(answer)) return { content: answer };
  throw failure(answer);
}
