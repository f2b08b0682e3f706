import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { mountDisk } from '../lab/filesystems.js';
import { Workspace } from '../lab/workspace.js';
import { isInMemory } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import type { Step } from './save-steps.js';
import { contentOf, NEW, OLD } from './situations.js';
import { straceUnavailable } from './strace.js';
import { subjects } from './subjects.js';
import { TracedSaver } from './traced-saver.js';

const unavailable = await straceUnavailable();

const scratch = new ScratchDirectory();

/** Before the rename an abort undoes the save. From the rename on it is too late. */
const stages: { step: Step; published: boolean }[] = [
  { step: 'open the directory', published: false },
  { step: 'create the temporary', published: false },
  { step: 'write', published: false },
  { step: 'set the mode', published: false },
  { step: 'sync the file', published: false },
  { step: 'close the file', published: false },
  { step: 'rename', published: true },
  { step: 'sync the directory', published: true },
];

describe.skipIf(unavailable !== undefined)('a save that is aborted', () => {
  for (const subject of subjects) {
    for (const form of ['save', 'saveChunks'] as const) {
      describe(`${form} of ${subject.name}`, () => {
        let workspace: Workspace | undefined;
        let saver: TracedSaver;

        beforeAll(async () => {
          if (subject.on === undefined) {
            saver = new TracedSaver(subject, form, () => scratch.at('traced'));
            return;
          }
          workspace = await Workspace.create();
          const { directory } = await mountDisk(workspace, 'disk', { format: subject.on });
          saver = new TracedSaver(subject, form, () => join(directory, 'traced'));
        });

        afterAll(async () => {
          await saver.stop();
          await workspace?.remove();
        });

        for (const { step, published } of stages) {
          // The native engine closes it only where that can fail (close.test.ts).
          if (step === 'close the file' && subject.engine === 'native') continue;
          const what = published
            ? 'is published nevertheless'
            : 'leaves the old file, and nothing else when the step has ended';
          it(`at the step to ${step} ${what}`, async (test) => {
            test.skip(subject.on === undefined && isInMemory(scratch.path), 'no directory on a disk');
            const { outcome, names } = await saver.saveAbortedAt({ step, situation: 'replaces a file' });
            assert.equal(outcome.error?.code, published ? undefined : 'ABORT_ERR');
            assert.equal(outcome.error?.published, published ? undefined : false);
            assert.equal(outcome.saved?.durability, published ? 'durable' : undefined);
            assert.equal(contentOf(names.target), published ? NEW : OLD);
            while (readdirSync(names.directory).length > 1) await sleep(10);
            assert.deepEqual(readdirSync(names.directory), ['target']);
          });
        }
      });
    }
  }
});
