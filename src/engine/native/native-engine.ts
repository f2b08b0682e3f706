import { isMainThread } from 'node:worker_threads';
import type { Addon } from '../../addon/addon.js';
import { saveError } from '../../addon/native-error.js';
import { choiceOf, decisionFor, providePlans } from '../../addon/plan-provider.js';
import {
  type Failure,
  FLAG,
  needsPlans,
  type Outcome,
  type PlansNeeded,
  type Stages,
  WIRE,
  type WireRequest,
} from '../../addon/wire.js';
import {
  type Engine,
  type OpenRequest,
  type OpenSave,
  type OpenSaveSync,
  type Saved,
  type SaveRequest,
  settled,
} from '../engine.js';
import { NativeStreamingSave, NativeStreamingSaveSync } from './streaming-save.js';
import { NativeUpdateQueue } from './update-queue.js';

/** How often a synchronous save asks for plans before it goes on with the default one. */
const MOST_PLAN_REQUESTS = 5;

/** Of a save whose content is what a temporary holds. */
const NO_DATA = new Uint8Array(0);

/**
 * Saves through the addon, on threads of its own. All state is the addon's, which belongs to the process: order, decisions
 * and numbers. So any number of copies of this class share it.
 */
export class NativeEngine implements Engine {
  readonly name = 'native';
  readonly addon: Addon;
  readonly updates: NativeUpdateQueue;

  constructor(addon: Addon) {
    this.addon = addon;
    this.updates = new NativeUpdateQueue(addon);
    addon.setPlanProvider(decisionFor);
    // Elsewhere the addon hears of the end by itself; a Windows library does when its threads have been killed.
    if (process.platform === 'win32' && isMainThread) process.on('exit', () => addon.takeBack());
  }

  issueNumber(): number {
    return this.addon.issueTicket();
  }

  async save(request: SaveRequest): Promise<Saved> {
    const { signal, data } = request;
    if (signal !== undefined) return await this.#cancellable(signal, request, data, 0);
    const outcome = await this.submit(this.addon.save, request, data, 0);
    return this.savedOf(request, outcome, data.byteLength);
  }

  saveSync(request: SaveRequest): Saved {
    return this.#saveSync(request, request.data, 0);
  }

  saveGroupSync(requests: readonly SaveRequest[]): PromiseSettledResult<Saved>[] {
    if (requests.length === 0) return [];
    const outcomes = this.#planned((flags) =>
      this.addon.saveGroupSync(
        ...requests.flatMap((request) => this.submit(argumentsOf, request, request.data, 0, 0, flags)),
      ),
    );
    return requests.flatMap((request, index) => {
      const outcome = outcomes[index];
      return outcome === undefined
        ? []
        : [settled(() => this.savedOf(request, outcome, request.data.byteLength))];
    });
  }

  async publish(request: OpenRequest, temporary: number): Promise<Saved> {
    const { signal } = request;
    if (signal !== undefined) return await this.#cancellable(signal, request, NO_DATA, temporary);
    return this.savedOf(request, await this.submit(this.addon.save, request, NO_DATA, 0, temporary));
  }

  publishSync(request: OpenRequest, temporary: number): Saved {
    return this.#saveSync(request, NO_DATA, temporary);
  }

  open(request: OpenRequest): Promise<OpenSave> {
    return NativeStreamingSave.open(this, request);
  }

  openSync(request: OpenRequest): OpenSaveSync {
    return new NativeStreamingSaveSync(this, request);
  }

  /** Hands a request to an entry of the addon. The one list of its arguments: spread from an array it would cost 2 us a save. */
  submit<T>(
    entry: (...request: WireRequest) => T,
    request: OpenRequest,
    data: Uint8Array,
    ticket: number,
    temporary = 0,
    flags = 0,
  ): T {
    const { mode, owner, expected } = request;
    return entry(
      request.path,
      data,
      choiceOf(request.durability, request.protocol),
      flagsOf(request) | flags,
      mode ?? 0,
      owner?.uid ?? 0,
      owner?.gid ?? 0,
      request.keepPrevious,
      typeof expected === 'number' ? expected : 0,
      temporary,
      ticket,
    );
  }

  /** @param bytes how many it has written, where the addon does not say. */
  savedOf(request: OpenRequest, outcome: Outcome | Failure, bytes = 0): Saved {
    if (outcome.stages !== undefined) this.addStages(request, outcome.stages);
    if (outcome.reason !== undefined) throw saveError(request, outcome);
    return {
      path: request.path,
      bytes: outcome.bytes ?? bytes,
      replaced: outcome.replaced,
      durability: outcome.durability,
      protocol: outcome.protocol,
    };
  }

  addStages({ timer }: OpenRequest, stages: Stages | undefined): void {
    if (timer === undefined || stages === undefined) return;
    for (const [index, stage] of WIRE.stages.entries()) timer.spent[stage] += stages[index] ?? 0;
  }

  async #cancellable(
    signal: AbortSignal,
    request: OpenRequest,
    data: Uint8Array,
    temporary: number,
  ): Promise<Saved> {
    const ticket = this.addon.issueTicket();
    const cancel = (): void => this.addon.cancel(ticket);
    // Before the listener: a wrong argument throws here.
    const outcome = this.submit(this.addon.save, request, data, ticket, temporary);
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return this.savedOf(request, await outcome, data.byteLength);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  #saveSync(request: OpenRequest, data: Uint8Array, temporary: number): Saved {
    const outcome = this.submit(this.addon.saveSync, request, data, 0, temporary);
    if (!needsPlans(outcome)) return this.savedOf(request, outcome, data.byteLength);
    // A closure for each save would cost as much as a system call.
    providePlans(this.addon, outcome);
    return this.savedOf(
      request,
      this.#planned((flags) => this.submit(this.addon.saveSync, request, data, 0, temporary, flags)),
      data.byteLength,
    );
  }

  /** Makes a call until it has all plans that it needs. A mount table that changes all the time leaves it the default plan. */
  #planned<T extends object>(call: (flags: number) => T | PlansNeeded): T {
    for (let requests = 0; ; requests += 1) {
      const answer = call(requests < MOST_PLAN_REQUESTS ? 0 : FLAG.usesDefaultPlan);
      if (!needsPlans(answer)) return answer;
      providePlans(this.addon, answer);
    }
  }
}

/** What an entry is called with. */
function argumentsOf(...request: WireRequest): WireRequest {
  return request;
}

function flagsOf(request: OpenRequest): number {
  let flags = 0;
  if (request.ifExists === 'fail') flags |= FLAG.exclusive;
  if (request.followSymlinks) flags |= FLAG.followSymlinks;
  if (request.makeDirectories) flags |= FLAG.makeDirectories;
  if (request.preserve !== 'none') flags |= FLAG.preservePermissions;
  if (request.preserve === 'all') flags |= FLAG.preserveAll;
  if (request.strict) flags |= FLAG.strict;
  if (request.mode !== undefined) flags |= FLAG.hasMode;
  if (request.owner !== undefined) flags |= FLAG.hasOwner;
  if (request.timer !== undefined) flags |= FLAG.timed;
  if (request.expected === 'missing') flags |= FLAG.expectsMissing;
  return flags;
}
