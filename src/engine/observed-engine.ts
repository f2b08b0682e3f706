import type { EngineName } from '../base/options.js';
import type { Saved, SaveParameters, SaveRequest } from '../base/save-request.js';
import type { Engine, StreamingSave, StreamingSaveSync } from './engine.js';
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
      requests.map((request, index) => observations[index]?.measured(request) ?? request),
    );
    outcomes.forEach((outcome, index) => {
      if (outcome.status === 'fulfilled') observations[index]?.ended(outcome.value);
      else observations[index]?.failed(outcome.reason);
    });
    return outcomes;
  }

  open(request: SaveParameters): Promise<StreamingSave> {
    return isObserved() ? this.#openObserved(request) : this.#engine.open(request);
  }

  openSync(request: SaveParameters): StreamingSaveSync {
    if (!isObserved()) return this.#engine.openSync(request);
    const observation = new Observation(this.#engine, request);
    try {
      return new ObservedStreamingSaveSync(this.#engine.openSync(observation.measured(request)), observation);
    } catch (error) {
      observation.failed(error);
      throw error;
    }
  }

  publish(request: SaveParameters, temporary: number): Promise<Saved> {
    return this.#engine.publish(request, temporary);
  }

  publishSync(request: SaveParameters, temporary: number): Saved {
    return this.#engine.publishSync(request, temporary);
  }

  issueId(): number {
    return this.#engine.issueId();
  }

  async #openObserved(request: SaveParameters): Promise<StreamingSave> {
    const observation = new Observation(this.#engine, request);
    try {
      return new ObservedStreamingSave(await this.#engine.open(observation.measured(request)), observation);
    } catch (error) {
      observation.failed(error);
      throw error;
    }
  }

  async #observe(request: SaveRequest, save: (request: SaveRequest) => Promise<Saved>): Promise<Saved> {
    const observation = new Observation(this.#engine, request);
    try {
      const saved = await save(observation.measured(request));
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
      const saved = save(observation.measured(request));
      observation.ended(saved);
      return saved;
    } catch (error) {
      observation.failed(error);
      throw error;
    }
  }
}

/** Its end is that of `finish`, or that it is abandoned. */
class ObservedStreamingSave implements StreamingSave {
  readonly #save: StreamingSave;
  readonly #observation: Observation;

  constructor(save: StreamingSave, observation: Observation) {
    this.#save = save;
    this.#observation = observation;
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#save.write(chunk);
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
class ObservedStreamingSaveSync implements StreamingSaveSync {
  readonly #save: StreamingSaveSync;
  readonly #observation: Observation;

  constructor(save: StreamingSaveSync, observation: Observation) {
    this.#save = save;
    this.#observation = observation;
  }

  write(chunk: Uint8Array): void {
    this.#save.write(chunk);
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
