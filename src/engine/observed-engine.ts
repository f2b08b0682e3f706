import type { EngineName } from '../base/options.js';
import type { OpenRequest, Saved, SaveRequest } from '../base/save-request.js';
import type { Engine, OpenSave, OpenSaveSync } from './engine.js';
import { isObserved, Observation } from './observation.js';

/** Tells whoever listens (`node:diagnostics_channel`) of an engine's saves. To nobody, it only asks whether there is anybody. */
export class ObservedEngine implements Engine {
  readonly name: EngineName;
  readonly updates: Engine['updates'];
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.name = engine.name;
    this.updates = engine.updates;
    this.#engine = engine;
  }

  save(request: SaveRequest): Promise<Saved> {
    if (!isObserved()) return this.#engine.save(request);
    return this.#observe(request, (observed) => this.#engine.save(observed));
  }

  saveSync(request: SaveRequest): Saved {
    if (!isObserved()) return this.#engine.saveSync(request);
    return this.#observeSync(request, (observed) => this.#engine.saveSync(observed));
  }

  saveGroupSync(requests: readonly SaveRequest[]): PromiseSettledResult<Saved>[] {
    if (!isObserved()) return this.#engine.saveGroupSync(requests);
    const observations = requests.map((request) => new Observation(this.#engine, request));
    const outcomes = this.#engine.saveGroupSync(
      requests.map((request, index) => observations[index]?.of(request) ?? request),
    );
    outcomes.forEach((outcome, index) => {
      if (outcome.status === 'fulfilled') observations[index]?.ended(outcome.value);
      else observations[index]?.failed(outcome.reason);
    });
    return outcomes;
  }

  open(request: OpenRequest): Promise<OpenSave> {
    return isObserved() ? this.#openObserved(request) : this.#engine.open(request);
  }

  openSync(request: OpenRequest): OpenSaveSync {
    if (!isObserved()) return this.#engine.openSync(request);
    const observation = new Observation(this.#engine, request);
    try {
      return new ObservedOpenSaveSync(this.#engine.openSync(observation.of(request)), observation);
    } catch (error) {
      observation.failed(error);
      throw error;
    }
  }

  publish(request: OpenRequest, temporary: number): Promise<Saved> {
    return this.#engine.publish(request, temporary);
  }

  publishSync(request: OpenRequest, temporary: number): Saved {
    return this.#engine.publishSync(request, temporary);
  }

  issueNumber(): number {
    return this.#engine.issueNumber();
  }

  async #openObserved(request: OpenRequest): Promise<OpenSave> {
    const observation = new Observation(this.#engine, request);
    try {
      return new ObservedOpenSave(await this.#engine.open(observation.of(request)), observation);
    } catch (error) {
      observation.failed(error);
      throw error;
    }
  }

  async #observe(request: SaveRequest, save: (request: SaveRequest) => Promise<Saved>): Promise<Saved> {
    const observation = new Observation(this.#engine, request);
    try {
      const saved = await save(observation.of(request));
      observation.ended(saved);
      return saved;
    } catch (error) {
      observation.failed(error);
      throw error;
    }
  }

  #observeSync(request: SaveRequest, save: (request: SaveRequest) => Saved): Saved {
    const observation = new Observation(this.#engine, request);
    try {
      const saved = save(observation.of(request));
      observation.ended(saved);
      return saved;
    } catch (error) {
      observation.failed(error);
      throw error;
    }
  }
}

/** Its end is that of `finish`, or that it is abandoned. */
class ObservedOpenSave implements OpenSave {
  readonly #save: OpenSave;
  readonly #observation: Observation;

  constructor(save: OpenSave, observation: Observation) {
    this.#save = save;
    this.#observation = observation;
  }

  write(piece: Uint8Array): Promise<void> {
    return this.#save.write(piece);
  }

  async finish(): Promise<Saved> {
    try {
      const saved = await this.#save.finish();
      this.#observation.ended(saved);
      return saved;
    } catch (error) {
      this.#observation.failed(error);
      throw error;
    }
  }

  async abandon(reason: unknown): Promise<void> {
    await this.#save.abandon(reason);
    this.#observation.failed(reason);
  }
}

/** The same on the calling thread. */
class ObservedOpenSaveSync implements OpenSaveSync {
  readonly #save: OpenSaveSync;
  readonly #observation: Observation;

  constructor(save: OpenSaveSync, observation: Observation) {
    this.#save = save;
    this.#observation = observation;
  }

  write(piece: Uint8Array): void {
    this.#save.write(piece);
  }

  finish(): Saved {
    try {
      const saved = this.#save.finish();
      this.#observation.ended(saved);
      return saved;
    } catch (error) {
      this.#observation.failed(error);
      throw error;
    }
  }

  abandon(reason: unknown): void {
    this.#save.abandon(reason);
    this.#observation.failed(reason);
  }
}
