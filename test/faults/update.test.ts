import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { updateSync } from '../../src/index.js';
import { nativeUnavailable } from '../engines.js';
import { mountFuse } from '../lab/filesystems.js';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';
import { isInMemory } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { type Fault, titleOf } from './faults.js';
import { recognise } from './save-steps.js';
import { contentOf, NEW, OLD, prepare } from './situations.js';
import { straceUnavailable } from './strace.js';
import { wasInjected } from './strace-log.js';
import { subjects } from './subjects.js';
import { type TracedSave, TracedSaver } from './traced-saver.js';

const unavailable = await straceUnavailable();

const scratch = new ScratchDirectory();

type UpdateFault = Pick<Fault, 'step' | 'error'> & { code: string; syscall: string; published: boolean };

function fails(step: Fault['step'], error: string, syscall: string, code = error): UpdateFault {
  return { step, error, code, syscall, published: false };
}

const UNSUPPORTED = 'ERR_INDELIBLE_UNSUPPORTED';

/** The calls of the lock, which only the native engine has. */
const locking = [
  ...['ENOLCK', 'EOPNOTSUPP', 'ENOSYS', 'EBADF'].map((error) =>
    fails('lock the directory', error, 'flock', UNSUPPORTED),
  ),
  fails('lock the directory', 'EIO', 'flock'),
  ...['ENOLCK', 'EINVAL', 'EBADF'].map((error) => fails('take a ticket', error, 'fcntl', UNSUPPORTED)),
  fails('take a ticket', 'EIO', 'fcntl'),
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
          const { step, error, code, syscall, published } = fault;
          const expected = { rejects: code, published };
          it(titleOf({ step, error, expected }), async (test) => {
            test.skip(isInMemory(scratch.path), 'no directory on a disk');
            const { outcome, names } = await saver.saveWith({
              ...{ step, error, expected },
              situation: 'replaces a file',
            });
            const { message: _, ...failure } = outcome.error ?? { message: '' };
            assert.deepEqual(failure, { code, syscall, published });
            assert.deepEqual(readdirSync(names.directory), ['target']);
            // The lock is free again, and the content is as expected.
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

        it('reads the file again when it is found to be gone only by the call to read the old file', async () => {
          const { outcome, names } = await saver.saveWith({
            ...{ step: 'read the old file', error: 'ENOENT', situation: 'replaces a file' },
            expected: { resolves: 'durable' },
          });
          assert.equal(outcome.error, undefined);
          assert.equal(contentOf(names.target), NEW);
        });
      });
    }
  }
});

const fuseMissing = unavailable ?? missingFor('bindfs') ?? nativeUnavailable;
if (fuseMissing !== undefined) process.stderr.write(`updates on FUSE are skipped: ${fuseMissing}\n`);

describe.skipIf(fuseMissing !== undefined)('an update on a filesystem that has a server', () => {
  let workspace: Workspace;
  let directory: string;
  beforeAll(async () => {
    workspace = await Workspace.create();
    ({ directory } = await mountFuse(workspace, 'fuse'));
  });
  afterAll(async () => {
    await workspace.remove();
  });

  for (const form of ['update', 'updateSync'] as const) {
    describe(form, () => {
      let saver: TracedSaver;
      beforeAll(() => {
        saver = new TracedSaver({ engine: 'native', environment: {} }, form, () => join(directory, 'traced'));
      });
      afterAll(async () => {
        await saver.stop();
      });
      const updateWith = (error: string): Promise<TracedSave> =>
        saver.saveWith({
          ...{ step: 'ask for the end of the old file', situation: 'replaces a file', error },
          expected: { resolves: 'less than durable' },
        });

      // GlusterFS: after a listing its client remembers the size that the file had while it was written.
      it('reads the file again when the server has content behind the end that was found', async () => {
        // Before it asks, the thread looks where it is in the file.
        const answer = { names: ['lseek'], effect: `retval=${OLD.length + 1}`, when: 2 };
        // In a first save the process itself may ask for the end of other files.
        for (const answers of [[], [answer]]) {
          const { names, path, options } = prepare('replaces a file', join(directory, 'traced'));
          const { outcome, calls } = await saver.save(path, options, NEW, form, answers);
          assert.equal(outcome.error, undefined);
          assert.equal(contentOf(names.target), NEW);
          const asked = calls.filter((call) => recognise['ask for the end of the old file'](call, names));
          // Each thread that asks for the first time is given the answer.
          const answered = asked.filter(wasInjected).length;
          assert.equal(answered > 0, answers.length > 0);
          assert.equal(asked.length, answered + 1);
        }
      });

      it('takes the end that was found where the filesystem cannot be asked for it', async () => {
        const { outcome, names } = await updateWith('EINVAL');
        assert.equal(outcome.error, undefined);
        assert.equal(contentOf(names.target), NEW);
      });

      it('rejects and publishes nothing when the server cannot answer where the end is', async () => {
        const { outcome, names } = await updateWith('ENOTCONN');
        const { message: _, ...failure } = outcome.error ?? { message: '' };
        assert.deepEqual(failure, { code: 'ENOTCONN', syscall: 'read', published: false });
        assert.equal(contentOf(names.target), OLD);
      });
    });
  }
});
