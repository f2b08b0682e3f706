import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { updateSync } from '../../src/index.js';
import { isInMemory, ScratchDirectory } from '../scratch-directory.js';
import type { Fault } from './faults.js';
import { NEW, OLD } from './situations.js';
import { straceUnavailable } from './strace.js';
import { subjects } from './subjects.js';
import { TracedSaver } from './traced-saver.js';

const unavailable = await straceUnavailable();

const scratch = new ScratchDirectory();

type UpdateFault = Pick<Fault, 'step' | 'error'> & { code: string; syscall: string; published: boolean };

function fails(step: Fault['step'], error: string, syscall: string, code = error): UpdateFault {
  return { step, error, code, syscall, published: false };
}

const UNSUPPORTED = 'ERR_INDELIBLE_UNSUPPORTED';

/** What the lock is made of; of the native engine only. */
const locking = [
  ...['ENOLCK', 'EOPNOTSUPP', 'ENOSYS', 'EBADF'].map((error) =>
    fails('lock the directory', error, 'flock', UNSUPPORTED),
  ),
  fails('lock the directory', 'EIO', 'flock'),
  ...['ENOLCK', 'EINVAL', 'EBADF'].map((error) => fails('draw a ticket', error, 'fcntl', UNSUPPORTED)),
  fails('draw a ticket', 'EIO', 'fcntl'),
];

const common = [
  fails('open the old file', 'EACCES', 'open'),
  fails('open the old file', 'EIO', 'open'),
  fails('read the old file', 'EIO', 'read'),
  fails('write', 'ENOSPC', 'write'),
  fails('rename', 'EIO', 'rename'),
  { ...fails('sync the directory', 'EIO', 'fsync'), published: true },
];

describe.skipIf(unavailable !== undefined)('an update with a failing system call', () => {
  for (const subject of subjects.filter(({ on }) => on === undefined)) {
    for (const form of ['update', 'updateSync'] as const) {
      describe(`${form} of ${subject.name}`, () => {
        let saver: TracedSaver;

        beforeAll(() => {
          saver = new TracedSaver(subject, form, () => scratch.at('traced'));
        });

        afterAll(async () => {
          await saver.stop();
        });

        for (const fault of [...(subject.engine === 'native' ? locking : []), ...common]) {
          it(`${fault.step}: ${fault.error}`, async (test) => {
            test.skip(isInMemory(scratch.path), 'no directory on a disk');
            const { step, error, code, syscall, published } = fault;
            const { outcome, names } = await saver.saveWith({
              step,
              error,
              situation: 'replaces a file',
              expected: { rejects: code, published },
            });
            const { message: _, ...failure } = outcome.error ?? { message: '' };
            assert.deepEqual(failure, { code, syscall, published });
            assert.deepEqual(readdirSync(names.directory), ['target']);
            // Its lock is free again, and the content what it should be.
            updateSync(
              names.target,
              (content) => {
                assert.equal(content?.toString(), published ? NEW : OLD);
                return undefined;
              },
              { timeout: 0, lock: 'thread' },
            );
          });
        }
      });
    }
  }
});
