import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { Addon } from '../../src/engine/addon.js';
import type { SaveRequest } from '../../src/engine/engine.js';
import { NativeEngine } from '../../src/engine/native.js';
import type { Durability } from '../../src/options.js';

const REPLACED = 1;
const NAME_SYNCED = 2;
const DATA_ORDERED = 4;

/** An addon that answers every save with the same number. */
function engineThatAnswers(outcome: number): NativeEngine {
  const addon: Partial<Addon> = {
    saveSync: (() => outcome) as unknown as Addon['saveSync'],
    setDecider: () => undefined,
    stages: [],
    flags: {} as Addon['flags'],
    planFlags: {} as Addon['planFlags'],
  };
  return new NativeEngine(addon as Addon);
}

function requestFor(durability: Durability): SaveRequest {
  return {
    path: '/directory/file',
    data: new Uint8Array(3),
    durability,
    ifExists: 'replace',
    mode: undefined,
    owner: undefined,
    preserve: 'all',
    followSymlinks: true,
    makeDirectories: false,
    strict: false,
    protocol: undefined,
    signal: undefined,
    keepPrevious: undefined,
  };
}

const cases: readonly [asked: Durability, outcome: number, achieved: Durability, when: string][] = [
  ['durable', NAME_SYNCED | DATA_ORDERED, 'durable', 'file and directory are synced'],
  ['durable', NAME_SYNCED, 'durable', 'the sync of the directory flushed what the file had only handed over'],
  ['durable', DATA_ORDERED, 'ordered', 'the directory cannot be flushed'],
  ['durable', 0, 'none', 'neither can be flushed'],
  ['ordered', NAME_SYNCED | DATA_ORDERED, 'ordered', 'the file is synced'],
  ['ordered', NAME_SYNCED, 'none', 'the file was only handed over'],
  ['none', NAME_SYNCED | DATA_ORDERED, 'none', 'nothing was to be synced'],
];

describe('what a native save has achieved', () => {
  for (const [asked, outcome, achieved, when] of cases) {
    it(`is '${achieved}' of '${asked}' where ${when}`, () => {
      const saved = engineThatAnswers(outcome | REPLACED).saveSync(requestFor(asked));
      assert.equal(saved.durability, achieved);
      assert.equal(saved.replaced, true);
    });
  }
});
