import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { isInMemory } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import type { Fault } from './faults.js';
import type { Step } from './save-steps.js';
import type { Form } from './saver.js';
import { straceUnavailable } from './strace.js';
import { descriptorPath, type SystemCall } from './strace-log.js';
import { subjects } from './subjects.js';
import { TracedSaver } from './traced-saver.js';

const unavailable = await straceUnavailable();

const scratch = new ScratchDirectory();

const FAILED: readonly { step: Step; error: string; of?: string }[] = [
  { step: 'sync the parent directory', error: 'EIO' },
  { step: 'create the temporary', error: 'ENOSPC' },
  { step: 'rename', error: 'EIO' },
  // The portable engine has synced the parent before.
  { step: 'sync the directory', error: 'EIO', of: 'native' },
];

/** Whether the directory was synced, successfully. */
function isSynced(calls: readonly SystemCall[], directory: string): boolean {
  return calls.some(
    (call) => call.name === 'fsync' && descriptorPath(call) === directory && call.result === '0',
  );
}

describe.skipIf(unavailable !== undefined)('a directory that a save has made', () => {
  for (const subject of subjects.filter(({ on }) => on === undefined)) {
    describe(`with the ${subject.engine} engine`, () => {
      let saver: TracedSaver;

      beforeAll(() => {
        saver = new TracedSaver(subject, 'save', () => scratch.at('traced'));
      });

      afterAll(async () => {
        await saver.stop();
      });

      /** A save in which the step fails, after it has made a directory. */
      async function saveBadly(step: Step, error: string): Promise<{ parent: string; made: string }> {
        const expected: Fault['expected'] = { rejects: error, published: false };
        const { names } = await saver.saveWith({ step, error, expected, situation: 'makes directories' });
        return { parent: dirname(names.directory), made: names.directory };
      }

      for (const { step, error } of FAILED.filter(({ of = subject.engine }) => of === subject.engine)) {
        it(`is synced by the next save in it if the call to ${step} failed with ${error}`, async (test) => {
          test.skip(isInMemory(scratch.path), 'no directory on a disk');
          const { parent, made } = await saveBadly(step, error);
          const next = await saver.save(join(made, 'next'), {});
          assert.equal(next.outcome.saved?.durability, 'durable');
          const synced =
            step !== 'rename' && step !== 'create the temporary' ? true : subject.engine === 'native';
          // Before these steps, the portable engine has synced it.
          assert.equal(isSynced(next.calls, parent), synced);
          const third = await saver.save(join(made, 'third'), {});
          assert.equal(third.outcome.saved?.durability, 'durable');
          assert.equal(isSynced(third.calls, parent), false);
        });
      }

      it('is synced by a durable save further down, whoever made the directories between', async (test) => {
        test.skip(isInMemory(scratch.path), 'no directory on a disk');
        const { parent, made } = await saveBadly('sync the parent directory', 'EIO');
        mkdirSync(join(made, 'by', 'another', 'program'), { recursive: true });
        const path = join(made, 'by', 'another', 'program', 'file');
        const { outcome, calls } = await saver.save(path, { makeDirectories: true });
        assert.equal(outcome.saved?.durability, 'durable');
        assert.ok(isSynced(calls, parent));
      });

      it('is synced by a durable save that reaches it by a link', async (test) => {
        test.skip(isInMemory(scratch.path), 'no directory on a disk');
        const { parent, made } = await saveBadly('sync the parent directory', 'EIO');
        symlinkSync(made, scratch.at('link'));
        const { outcome, calls } = await saver.save(scratch.at('link', 'file'), {});
        assert.equal(outcome.saved?.durability, 'durable');
        assert.ok(isSynced(calls, parent));
      });

      for (const durability of ['ordered', 'none'] as const) {
        it(`with durability '${durability}' is synced by the first durable save in it`, async (test) => {
          test.skip(isInMemory(scratch.path), 'no directory on a disk');
          await saver.save(scratch.at('made', 'file'), { durability, makeDirectories: true });
          const { outcome, calls } = await saver.save(scratch.at('made', 'other'), {});
          assert.equal(outcome.saved?.durability, 'durable');
          assert.ok(isSynced(calls, scratch.path));
        });
      }

      const inPlace = { path: (at: string) => join(at, 'file'), data: () => 'new' };
      const staged = { path: (at: string) => join(at, 'staged'), data: (at: string) => join(at, 'tree') };
      const others: readonly { form: Form; path: (at: string) => string; data: (at: string) => string }[] = [
        { form: 'update', ...inPlace },
        { form: 'saveChunks', ...inPlace },
        { form: 'replaceSymlink', path: () => 'text', data: (at) => join(at, 'link') },
        { form: 'replaceDirectory', ...staged },
        ...(subject.engine === 'native'
          ? [
              { form: 'publishTemporary' as const, ...inPlace },
              { form: 'renameExclusive' as const, ...staged },
            ]
          : []),
      ];
      for (const { form, path, data } of others) {
        it(`is synced by ${form}`, async (test) => {
          test.skip(isInMemory(scratch.path), 'no directory on a disk');
          await saver.save(scratch.at('made', 'old'), { durability: 'none', makeDirectories: true });
          mkdirSync(scratch.at('made', 'staged'));
          const at = scratch.at('made');
          const { outcome, calls } = await saver.save(path(at), {}, data(at), form);
          assert.equal(outcome.error, undefined);
          assert.ok(isSynced(calls, scratch.path));
        });
      }
    });
  }
});
