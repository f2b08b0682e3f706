import type { EngineName } from '../base/options.js';
import type { Saved, SaveParameters, SaveRequest } from '../base/save-request.js';
import type { Engine, StreamingSave, StreamingSaveSync } from './engine.js';
import { isObserved, Observation } from './observation.js';

/**
 * Publishes the saves of an engine on `node:diagnostics_channel`. Without subscribers it only checks that
 * there are none.
 */
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
    const observation = new Observation(this.#engine, request);
    return observation.run(async () =>
      observation.ended(await this.#engine.save(observation.measured(request))),
    );
  }

  saveSync(request: SaveRequest): Saved {
    if (!isObserved()) return this.#engine.saveSync(request);
    const observation = new Observation(this.#engine, request);
    return observation.runSync(() => observation.ended(this.#engine.saveSync(observation.measured(request))));
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
    if (!isObserved()) return this.#engine.open(request);
    const observation = new Observation(this.#engine, request);
    return observation.run(
      async () =>
        new ObservedStreamingSave(await this.#engine.open(observation.measured(request)), observation),
    );
  }

  openSync(request: SaveParameters): StreamingSaveSync {
    if (!isObserved()) return this.#engine.openSync(request);
    const observation = new Observation(this.#engine, request);
    return observation.runSync(
      () => new ObservedStreamingSaveSync(this.#engine.openSync(observation.measured(request)), observation),
    );
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
}

/** The save ends with `finish` or `abandon`. */
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

  finish(): Promise<Saved> {
    return this.#observation.run(async () => this.#observation.ended(await this.#save.finish()));
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
    return this.#observation.runSync(() => this.#observation.ended(this.#save.finish()));
  }

  abandon(reason: unknown): void {
    this.#save.abandon(reason);
    this.#observation.failed(reason);
  }
}
