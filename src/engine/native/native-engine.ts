import type { Addon } from '../../addon/addon.js';
import { decisionFor, providePlans } from '../../addon/plan-provider.js';
import { FLAG, needsPlans, type PlansNeeded, type WireRequest } from '../../addon/wire.js';
import { settlePromptly } from '../../base/abortable.js';
import { refuseIfLost } from '../../base/data.js';
import type { Saved, SaveParameters, SaveRequest } from '../../base/save-request.js';
import { ownerPart } from '../../fs/temporary-name.js';
import { type Engine, type StreamingSave, type StreamingSaveSync, settle } from '../engine.js';
import { NativeStreamingSave, NativeStreamingSaveSync } from './streaming-save.js';
import { cancellationOf, savedOf, submit } from './submission.js';
import { NativeUpdateQueue } from './update-queue.js';

/** The number of plan requests of a synchronous save before it uses the default plan. */
const MAX_PLAN_REQUESTS = 5;

/**
 * So many saves to memory, called together, take no less time with the help of a thread, which has to be
 * woken. With its help 4 took 1.3 of the time, 64 took 0.83 (tmpfs, two processors).
 */
const FEW = 4;

/** The data of a save whose content is that of a temporary. */
const NO_DATA = new Uint8Array(0);

/**
 * Saves through the addon, on the addon's threads; small saves to memory on this one. All state (order,
 * decisions, numbers) is in the addon and belongs to the process. So any number of copies of this class share
 * it.
 */
export class NativeEngine implements Engine {
  readonly name = 'native';
  readonly #addon: Addon;
  readonly updates: NativeUpdateQueue;
  /** The calls of `save` since the last one has ended. */
  #called = 0;

  constructor(addon: Addon) {
    this.#addon = addon;
    this.updates = new NativeUpdateQueue(addon);
    addon.setPlanProvider(decisionFor);
    addon.setTemporaryOwner(ownerPart());
    // On other platforms the addon is notified of the exit. On Windows a library is notified only after its
    // threads were killed.
    if (process.platform === 'win32' && process.getBuiltinModule('node:worker_threads').isMainThread) {
      process.on('exit', () => addon.takeBack());
    }
  }

  issueId(): number {
    return this.#addon.issueTicket();
  }

  async save(request: SaveRequest): Promise<Saved> {
    const { signal, data, size } = request;
    refuseIfLost(data, size);
    if (signal !== undefined) return await this.#cancellable(signal, request, data, 0);
    this.#called += 1;
    const flags = this.#called > FEW ? FLAG.amongMany : 0;
    const outcome = await submit(this.#addon.save, request, data, 0, 0, flags);
    this.#called = 0;
    return savedOf(request, outcome, size);
  }

  saveSync(request: SaveRequest): Saved {
    refuseIfLost(request.data, request.size);
    return this.#saveSync(request, request.data, 0);
  }

  saveGroupSync(requests: readonly SaveRequest[]): PromiseSettledResult<Saved>[] {
    if (requests.length === 0) return [];
    const outcomes = this.#withPlans((flags) =>
      this.#addon.saveGroupSync(
        ...requests.flatMap((request) => submit(argumentsOf, request, request.data, 0, 0, flags)),
      ),
    );
    return requests.flatMap((request, index) => {
      const outcome = outcomes[index];
      return outcome === undefined ? [] : [settle(() => savedOf(request, outcome, request.size))];
    });
  }

  async publish(request: SaveParameters, temporary: number): Promise<Saved> {
    const { signal } = request;
    if (signal !== undefined) return await this.#cancellable(signal, request, NO_DATA, temporary);
    return savedOf(request, await submit(this.#addon.save, request, NO_DATA, 0, temporary));
  }

  publishSync(request: SaveParameters, temporary: number): Saved {
    return this.#saveSync(request, NO_DATA, temporary);
  }

  open(request: SaveParameters): Promise<StreamingSave> {
    return NativeStreamingSave.open(this.#addon, request);
  }

  openSync(request: SaveParameters): StreamingSaveSync {
    return new NativeStreamingSaveSync(this.#addon, request);
  }

  async #cancellable(
    signal: AbortSignal,
    request: SaveParameters,
    data: Uint8Array,
    temporary: number,
  ): Promise<Saved> {
    const { byteLength: size } = data;
    const ticket = this.#addon.issueTicket();
    const outcome = Promise.resolve(submit(this.#addon.save, request, data, ticket, temporary));
    return savedOf(request, await settlePromptly(outcome, signal, cancellationOf(this.#addon, ticket)), size);
  }

  #saveSync(request: SaveParameters, data: Uint8Array, temporary: number): Saved {
    const outcome = submit(this.#addon.saveSync, request, data, 0, temporary);
    if (!needsPlans(outcome)) return savedOf(request, outcome, data.byteLength);
    // A closure for each save would cost as much as a system call.
    providePlans(this.#addon, outcome);
    return savedOf(
      request,
      this.#withPlans((flags) => submit(this.#addon.saveSync, request, data, 0, temporary, flags)),
      data.byteLength,
    );
  }

  /**
   * Repeats a call until it has all plans that it needs. If the mount table changes all the time, it uses the
   * default plan.
   */
  #withPlans<T extends object>(call: (flags: number) => T | PlansNeeded): T {
    for (let requests = 0; ; requests += 1) {
      const answer = call(requests < MAX_PLAN_REQUESTS ? 0 : FLAG.usesDefaultPlan);
      if (!needsPlans(answer)) return answer;
      providePlans(this.#addon, answer);
    }
  }
}

/** The arguments of an entry of the addon. */
function argumentsOf(...request: WireRequest): WireRequest {
  return request;
}
