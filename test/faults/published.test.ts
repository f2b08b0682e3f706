import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { isInMemory } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import type { Form } from './saver.js';
import { contentOf, NEW, type Situation } from './situations.js';
import { straceUnavailable } from './strace.js';
import { wasInjected } from './strace-log.js';
import { subjects } from './subjects.js';
import { type TracedSave, TracedSaver } from './traced-saver.js';

const unavailable = await straceUnavailable();

const scratch = new ScratchDirectory();

interface Call {
  form: Form;
  situation: Situation;
  engines?: readonly string[];
  /** Also with EINVAL, for calls that are followed by another one where they are not supported. */
  hasFallbacks?: boolean;
}

const native = { engines: ['native'] } as const;

/** On the calling thread: the asynchronous forms make the same steps. */
const CALLS: readonly Call[] = [
  { form: 'saveSync', situation: 'replaces a file' },
  { form: 'saveSync', situation: 'keeps the file that it replaces', hasFallbacks: true },
  { form: 'saveSync', situation: 'creates a file exclusively', hasFallbacks: true },
  { form: 'saveSync', situation: 'makes directories' },
  { form: 'updateSync', situation: 'replaces a file' },
  { form: 'publishTemporarySync', situation: 'replaces a file', ...native },
  { form: 'publishTemporarySync', situation: 'creates a file exclusively', ...native },
  { form: 'exchangeSync', situation: 'exchanges two files', ...native },
  { form: 'renameExclusiveSync', situation: 'renames exclusively', ...native },
  { form: 'replaceSymlinkSync', situation: 'replaces a symbolic link' },
  { form: 'replaceDirectorySync', situation: 'puts a directory at a free path' },
  {
    form: 'replaceDirectorySync',
    situation: 'replaces a directory and keeps it',
    hasFallbacks: true,
    ...native,
  },
];

/** Whether readers of the target find the new content. */
function isPublished(target: string): boolean {
  const isDirectory = statSync(target, { throwIfNoEntry: false })?.isDirectory() ?? false;
  return contentOf(isDirectory ? join(target, 'file') : target) === NEW;
}

/** Asserts that the outcome tells what is on disk. */
function assertTrue({ outcome: { saved, error }, calls, names }: TracedSave): void {
  const failed = calls.find(wasInjected);
  const what = `${failed?.name}(${failed?.arguments})`;
  if (error === undefined) {
    assert.ok(isPublished(names.target), `resolves without the new content: ${what}`);
    const isSync = /^(fsync|fdatasync|syncfs|sync_file_range)$/.test(failed?.name ?? '');
    if (isSync) assert.notEqual(saved?.durability, 'durable', `durable without ${what}`);
    return;
  }
  assert.equal(error.published, isPublished(names.target), `${error.message}, after ${what}`);
  assert.match(error.code, /^E[A-Z_]+$/);
  assert.notEqual(error.syscall, undefined);
  assert.ok(error.message.includes('/'), `no path: ${error.message}`);
}

describe.skipIf(unavailable !== undefined)('an error of each system call', () => {
  for (const subject of subjects.filter(({ on }) => on === undefined)) {
    for (const { form, situation, engines = [subject.engine], hasFallbacks = false } of CALLS) {
      if (!engines.includes(subject.engine)) continue;
      describe(`of ${form} that ${situation}, with the ${subject.engine} engine`, () => {
        let saver: TracedSaver;

        beforeAll(() => {
          saver = new TracedSaver(subject, form, () => scratch.at('traced'));
        });

        afterAll(async () => {
          await saver.stop();
        });

        for (const error of hasFallbacks ? ['EIO', 'EINVAL'] : ['EIO']) {
          it(`${error} leads to an outcome that says what is on disk`, async (test) => {
            test.skip(isInMemory(scratch.path), 'no directory on a disk');
            // A temporary is written by the program that publishes it.
            const every = form === 'publishTemporarySync' ? /^(?!write)/ : /./;
            const names = error === 'EIO' ? every : /^(rename|link|unlink|f?sync)/;
            const failed = await saver.saveWithEach(situation, names, error, assertTrue);
            assert.ok(failed >= 2, `only ${failed} calls were made to fail`);
          });
        }
      });
    }
  }
});
