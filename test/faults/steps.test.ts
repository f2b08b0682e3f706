import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { SaveOptions } from '../../src/index.js';
import { engines } from '../engines.js';
import { isInMemory } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { recognise, type Step } from './save-steps.js';
import { straceUnavailable } from './strace.js';
import { descriptorPath, type SystemCall } from './strace-log.js';
import { TracedSaver } from './traced-saver.js';

const unavailable = await straceUnavailable();

const scratch = new ScratchDirectory();

describe.skipIf(unavailable !== undefined)('the steps of a save', () => {
  for (const engine of engines) {
    for (const form of ['save', 'saveSync'] as const) {
      describe(`${form} of the ${engine} engine`, () => {
        let saver: TracedSaver;

        beforeAll(() => {
          saver = new TracedSaver({ engine, environment: {} }, form, () => scratch.path);
        });

        afterAll(async () => {
          await saver.stop();
        });

        async function traced(path: string, options: SaveOptions, by = saver): Promise<SystemCall[]> {
          const { outcome, calls } = await by.save(path, options);
          assert.equal(outcome.error, undefined);
          return calls;
        }

        /** The positions of a step in a trace. */
        function indices(calls: SystemCall[], step: Step, directory = scratch.path): number[] {
          const names = { directory, target: scratch.at('target') };
          return calls.flatMap((call, index) => (recognise[step](call, names) ? [index] : []));
        }

        function only(calls: SystemCall[], step: Step): number {
          const [index, ...more] = indices(calls, step);
          assert.ok(index !== undefined && more.length === 0, `there should be one call to ${step}`);
          return index;
        }

        it('come in the order that makes a save durable', async (test) => {
          test.skip(isInMemory(scratch.path), 'no directory on a disk');
          const calls = await traced(scratch.at('target'), { mode: 0o640 });
          const order = [
            indices(calls, 'open the directory')[0] ?? calls.length,
            only(calls, 'create the temporary'),
            only(calls, 'write'),
            only(calls, 'set the mode'),
            only(calls, 'sync the file'),
            only(calls, 'rename'),
            only(calls, 'sync the directory'),
          ];
          assert.deepEqual(
            order,
            order.toSorted((a, b) => a - b),
          );
        });

        it("leave out the directory's sync for durability 'ordered'", async () => {
          const calls = await traced(scratch.at('target'), { durability: 'ordered' });
          assert.deepEqual(indices(calls, 'sync the directory'), []);
        });

        it("sync nothing for durability 'none'", async () => {
          const calls = await traced(scratch.at('target'), { durability: 'none' });
          assert.deepEqual(
            calls.filter(({ name }) => /sync/.test(name)),
            [],
          );
        });

        it('create the temporary exclusively, and child processes do not inherit it', async () => {
          const calls = await traced(scratch.at('target'), {});
          const { arguments: flags } = calls[only(calls, 'create the temporary')] ?? { arguments: '' };
          assert.match(flags, /O_CLOEXEC/);
          assert.match(flags, /O_TMPFILE|O_CREAT.*O_EXCL.*O_NOFOLLOW/);
        });

        it('create the temporary for its owner alone until it has its final mode', async () => {
          writeFileSync(scratch.at('target'), 'old');
          chmodSync(scratch.at('target'), 0o640);
          const calls = await traced(scratch.at('target'), {});
          assert.match(calls[only(calls, 'create the temporary')]?.arguments ?? '', /, 0600$/);
          assert.ok(only(calls, 'set the mode') < only(calls, 'rename'));
        });

        it('set no mode if the file was created with the right one', async () => {
          const calls = await traced(scratch.at('target'), { mode: 0o600 });
          assert.deepEqual(indices(calls, 'set the mode'), []);
        });

        /** The directories that a save syncs if it makes two directories. */
        async function synced(by: TracedSaver): Promise<Set<string | undefined>> {
          const calls = await traced(scratch.at('a', 'b', 'target'), { makeDirectories: true }, by);
          return new Set(calls.filter(({ name }) => name === 'fsync').map(descriptorPath));
        }

        it('sync every directory that got a new entry', async (test) => {
          test.skip(isInMemory(scratch.path), 'no directory on a disk');
          await saver.save(scratch.at('before'), {});
          const directories = [scratch.path, scratch.at('a'), scratch.at('a', 'b')];
          assert.deepEqual(await synced(saver), new Set(directories));
        });

        it('sync every directory that got a new entry, even in the first save of a process', async (test) => {
          test.skip(isInMemory(scratch.path), 'no directory on a disk');
          const another = new TracedSaver({ engine, environment: {} }, form, () => scratch.path);
          try {
            const directories = [scratch.path, scratch.at('a'), scratch.at('a', 'b')];
            assert.deepEqual(await synced(another), new Set(directories));
          } finally {
            await another.stop();
          }
        });

        it('put the temporary next to the target of a link, not next to the link', async () => {
          mkdirSync(scratch.at('real'));
          symlinkSync('real/target', scratch.at('link'));
          const calls = await traced(scratch.at('link'), {});
          const [write] = indices(calls, 'write', scratch.at('real'));
          assert.ok(write !== undefined);
        });
      });
    }
  }
});
