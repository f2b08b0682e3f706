import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { durableIfOrdered } from '../durable-if-ordered.js';
import { mountDisk } from '../lab/filesystems.js';
import { Workspace } from '../lab/workspace.js';
import { isInMemory } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { type Fault, titleOf } from './faults.js';
import { recognise } from './save-steps.js';
import { contentOf, NEW, OLD, OLDER } from './situations.js';
import { straceUnavailable } from './strace.js';
import { wasInjected } from './strace-log.js';
import { type Subject, subjects } from './subjects.js';
import { TracedSaver } from './traced-saver.js';

const unavailable = await straceUnavailable();

const scratch = new ScratchDirectory();

interface KeepingFault extends Pick<Fault, 'step' | 'error' | 'expected'> {
  /** The content of the kept version afterwards. */
  kept: typeof OLD | typeof OLDER;
  of?: readonly Subject['name'][];
}

const native = ['native', 'native, single commit'] as const;
/** They order by an extra sync what the journal orders for a single commit. */
const syncRenameSync = ['native', 'portable'] as const;

function fails(
  step: Fault['step'],
  error: string,
  kept: KeepingFault['kept'],
  {
    code = error,
    published = false,
    of,
  }: { code?: string; published?: boolean; of?: KeepingFault['of'] } = {},
): KeepingFault {
  return { step, error, kept, expected: { rejects: code, published }, ...(of !== undefined && { of }) };
}

const faults: readonly KeepingFault[] = [
  fails('link the kept version', 'EIO', OLDER),
  fails('link the kept version', 'ENOSPC', OLDER),
  fails('link the kept version', 'EMLINK', OLDER),
  fails('link the kept version', 'EXDEV', OLDER),
  fails('link the kept version', 'EPERM', OLDER, { code: 'ERR_INDELIBLE_UNSUPPORTED' }),
  fails('sync the kept version', 'EIO', OLDER),
  fails('sync the kept version', 'ENOSPC', OLDER),
  fails('rename the kept version', 'EIO', OLDER),
  fails('rename the kept version', 'EACCES', OLDER),
  fails('sync the directory of the kept version', 'EIO', OLD, { of: syncRenameSync }),
  fails('sync the directory of the kept version', 'EIO', OLD, {
    of: ['native, single commit'],
    published: true,
  }),
  {
    step: 'sync the directory of the kept version',
    error: 'EINVAL',
    kept: OLD,
    expected: { resolves: 'less than durable' },
  },
  fails('exchange', 'EIO', OLD, { of: native }),
  fails('exchange', 'ENOSPC', OLD, { of: native }),
  { step: 'exchange', error: 'EINVAL', kept: OLD, expected: { resolves: 'durable' }, of: native },
  { step: 'exchange', error: 'ENOSYS', kept: OLD, expected: { resolves: 'durable' }, of: native },
  { step: 'exchange', error: 'EACCES', kept: OLD, expected: { resolves: 'durable' }, of: native },
  fails('unlink the kept version', 'EIO', OLD, { of: native, published: true }),
  fails('sync the directory', 'EIO', OLD, { published: true }),
];

describe.skipIf(unavailable !== undefined)('a save with keepPrevious and a failing system call', () => {
  for (const subject of subjects) {
    for (const form of ['save', 'saveSync'] as const) {
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

        for (const fault of faults.filter(({ of = [subject.name] }) => of.includes(subject.name))) {
          it(titleOf(fault), async (test) => {
            test.skip(subject.on === undefined && isInMemory(scratch.path), 'no directory on a disk');
            const { step, error, expected, kept } = fault;
            const situation = 'keeps the file that it replaces';
            const { outcome, calls, names } = await saver.saveWith({ step, error, expected, situation });
            const code = 'rejects' in expected ? expected.rejects : undefined;
            const published = 'resolves' in expected || expected.published;
            assert.equal(outcome.error?.code, code);
            assert.equal(outcome.error?.published, code === undefined ? undefined : published);
            if ('resolves' in expected) {
              const durable = (await durableIfOrdered(names.directory)) === 'durable';
              assert.equal(
                outcome.saved?.durability === 'durable',
                durable && expected.resolves === 'durable',
              );
            }
            assert.equal(contentOf(names.target), published ? NEW : OLD);
            assert.equal(contentOf(join(names.directory, 'kept', 'previous')), kept);
            // Nothing is left, unless its removal is what failed.
            const left = [names.directory, join(names.directory, 'kept')].flatMap((directory) =>
              readdirSync(directory).filter((name) => name.startsWith('.indelible-')),
            );
            assert.equal(left.length, step === 'unlink the kept version' ? 1 : 0, `left behind: ${left}`);
            const again = calls.filter((call) => recognise[step](call, names)).slice(1);
            if (step.startsWith('sync') && calls.some(wasInjected) && code !== undefined) {
              assert.deepEqual(again, [], 'a failed sync is not retried');
            }
          });
        }
      });
    }
  }
});
