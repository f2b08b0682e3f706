import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { engines } from '../engines.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { type Fault, faults } from './faults.js';
import type { Outcome } from './saver.js';
import { contentBefore, contentOf, NEW } from './situations.js';
import { straceUnavailable } from './strace.js';
import { descriptorPath, type SystemCall, wasInjected } from './strace-log.js';
import { type TracedSave, TracedSaver } from './traced-saver.js';

const unavailable = await straceUnavailable();
if (unavailable !== undefined) console.log(`No fault is injected: ${unavailable}`);

const scratch = new ScratchDirectory();

const table: string[][] = [['engine', 'call', 'step', 'fault', 'what became of the save']];

function assertOutcome(fault: Fault, { outcome, names }: TracedSave): void {
  const { expected } = fault;
  if ('resolves' in expected) {
    assert.equal(outcome.error, undefined);
    assert.equal(outcome.saved?.durability, expected.resolves);
  } else {
    const { code, syscall, published } = outcome.error ?? {};
    assert.deepEqual(
      { code, syscall, published },
      { code: expected.rejects, syscall: expected.syscall, published: expected.published },
    );
  }
  const published = 'resolves' in expected || expected.published;
  assert.equal(contentOf(names.target), published ? NEW : contentBefore(fault.situation));
}

function assertNothingLeft(fault: Fault, { names }: TracedSave): void {
  if (!existsSync(names.directory)) return;
  const temporaries = readdirSync(names.directory).filter((name) => name.startsWith('.indelible-'));
  assert.equal(temporaries.length, fault.litter ? 1 : 0, `left behind: ${temporaries}`);
}

/** A failed sync leaves pages that the kernel may believe clean: a second one would succeed without writing them. */
function assertNotRetried({ calls }: TracedSave): void {
  const isSync = ({ name }: SystemCall) => ['fsync', 'fdatasync', 'syncfs', 'sync_file_range'].includes(name);
  const failed = calls.find((call) => isSync(call) && wasInjected(call));
  if (failed === undefined) return;
  const path = descriptorPath(failed);
  const later = calls.slice(calls.indexOf(failed) + 1);
  assert.deepEqual(
    later.filter((call) => isSync(call) && descriptorPath(call) === path),
    [],
  );
}

function describeOutcome({ saved, error }: Outcome): string {
  if (error === undefined) return `resolves, ${saved?.durability}`;
  return `${error.code} ${error.syscall}, ${error.published ? 'published' : 'old file kept'}`;
}

function printTable(): void {
  const [head = []] = table;
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  console.log(lines.join('\n'));
}

describe.skipIf(unavailable !== undefined)('a save with a failing system call', () => {
  afterAll(printTable);

  for (const engine of engines) {
    for (const form of ['save', 'saveSync'] as const) {
      describe(`${form} of the ${engine} engine`, () => {
        let saver: TracedSaver;

        beforeAll(() => {
          saver = new TracedSaver(engine, form, () => scratch.at('traced'));
        });

        afterAll(async () => {
          await saver.stop();
        });

        for (const fault of faults.filter((one) => one.engine === undefined || one.engine === engine)) {
          const also =
            fault.also === undefined ? '' : ` and ${fault.also.names.at(-1)} with ${fault.also.error}`;
          it(`${fault.step}: ${fault.error}${also}, in a save that ${fault.situation}`, async () => {
            const save = await saver.saveWith(fault);
            table.push([engine, form, fault.step, `${fault.error}${also}`, describeOutcome(save.outcome)]);
            assertOutcome(fault, save);
            assertNothingLeft(fault, save);
            assertNotRetried(save);
          });
        }
      });
    }
  }
});
