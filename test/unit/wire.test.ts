import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'vitest';
import { type Addon, loadAddon } from '../../src/addon/addon.js';
import { decisionFor } from '../../src/addon/plan-provider.js';
import {
  FLAG,
  needsPlans,
  type PlanRequest,
  type PlansNeeded,
  WIRE,
  type WireRequest,
} from '../../src/addon/wire.js';
import { nativeUnavailable } from '../engines.js';
import { ScratchDirectory } from '../scratch-directory.js';

const scratch = new ScratchDirectory();
const NO_DATA = new Uint8Array(0);

function requestFor(path: string, data: Uint8Array, flags: number, ticket: number): WireRequest {
  return [path, data, 0, flags, 0, 0o666, 0, 0, undefined, 0, 0, ticket];
}

/** Repeats a call until all decisions that it needs are provided. Returns the plan requests as well. */
function decided<T extends object | 0>(
  addon: Addon,
  call: () => T | PlansNeeded,
): { answer: T; asked: PlanRequest[] } {
  const asked: PlanRequest[] = [];
  for (;;) {
    const answer = call();
    if (answer === 0 || !needsPlans(answer as object)) return { answer: answer as T, asked };
    for (const request of (answer as PlansNeeded).plansNeeded) {
      asked.push(request);
      addon.providePlan(request, decisionFor(request));
    }
  }
}

/** The properties in the order of the description. */
function namesOf(value: object, described: readonly string[]): string[] {
  const names = Object.keys(value);
  return [
    ...described.filter((name) => names.includes(name)),
    ...names.filter((name) => !described.includes(name)),
  ];
}

describe.skipIf(nativeUnavailable !== undefined)('the wire between JavaScript and the addon', () => {
  it('has the same description on both sides', () => {
    assert.deepEqual(JSON.parse(loadAddon().wire), WIRE);
  });

  it('has exactly the described properties', () => {
    const addon = loadAddon();
    const ticket = addon.issueTicket();
    const path = scratch.at('file');
    const opening = requestFor(path, NO_DATA, FLAG.timed, ticket);
    const { asked } = decided(addon, () => addon.openSaveSync(...opening));
    addon.appendToSaveSync(ticket, Buffer.from('content'));
    const { answer: outcome } = decided(addon, () => addon.finishSaveSync(ticket));
    assert.deepEqual(namesOf(outcome, WIRE.outcome), WIRE.outcome);
    assert.ok(asked.length > 0);
    for (const request of asked) assert.deepEqual(namesOf(request, WIRE.planRequest), WIRE.planRequest);

    const impossible = requestFor(join(path, 'below'), NO_DATA, FLAG.timed, 0);
    const { answer: failure } = decided(addon, () => addon.saveSync(...impossible));
    const always = WIRE.failure.filter((name) => name !== 'path' && name !== 'dest');
    assert.deepEqual(namesOf(failure, WIRE.failure), always);

    const [request] = asked;
    if (request === undefined) return;
    const decision = decisionFor(request);
    assert.deepEqual(namesOf(decision, WIRE.decision), WIRE.decision);
    assert.equal(decision.plans.length, WIRE.choices.length);
    for (const plan of decision.plans) assert.deepEqual(namesOf(plan, WIRE.plan), WIRE.plan);
  });
});
