import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { isInMemory } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { type Fault, titleOf } from './faults.js';
import { recognise } from './save-steps.js';
import type { Form } from './saver.js';
import { contentBefore, contentOf, NEW, type Situation } from './situations.js';
import { straceUnavailable } from './strace.js';
import { wasInjected } from './strace-log.js';
import { subjects } from './subjects.js';
import { TracedSaver } from './traced-saver.js';

const unavailable = await straceUnavailable();

const scratch = new ScratchDirectory();

interface Operation {
  name: 'exchange' | 'renameExclusive' | 'replaceSymlink';
  situation: Situation;
  engines: readonly ('native' | 'portable')[];
}

const operations: readonly Operation[] = [
  { name: 'exchange', situation: 'exchanges two files', engines: ['native'] },
  { name: 'renameExclusive', situation: 'renames exclusively', engines: ['native'] },
  { name: 'replaceSymlink', situation: 'replaces a symbolic link', engines: ['native', 'portable'] },
];

const UNSUPPORTED = 'ERR_INDELIBLE_UNSUPPORTED';

function rejects(
  step: Fault['step'],
  error: string,
  { code = error, published = false } = {},
): Pick<Fault, 'step' | 'error' | 'expected'> {
  return { step, error, expected: { rejects: code, published } };
}

/** The faults that every operation is tested with. */
const common = [
  rejects('open the directory', 'EIO'),
  rejects('rename', 'EIO'),
  rejects('rename', 'ENOSPC'),
  rejects('rename', 'EACCES'),
  rejects('sync the directory', 'EIO', { published: true }),
  rejects('sync the directory', 'ENOSPC', { published: true }),
  {
    step: 'sync the directory',
    error: 'EINVAL',
    expected: { resolves: 'less than durable' },
  },
] as const;

/** The errors of a filesystem that does not support a flag of renameat2(2). */
const flagged = ['EINVAL', 'ENOSYS', 'EOPNOTSUPP'].map((error) =>
  rejects('rename', error, { code: UNSUPPORTED }),
);

const own: Readonly<Record<Operation['name'], readonly Pick<Fault, 'step' | 'error' | 'expected'>[]>> = {
  exchange: flagged,
  renameExclusive: [...flagged, rejects('rename', 'EEXIST')],
  replaceSymlink: [
    rejects('look at the target', 'EIO'),
    rejects('make the link', 'ENOSPC'),
    rejects('make the link', 'EPERM', { code: UNSUPPORTED }),
  ],
};

describe.skipIf(unavailable !== undefined)('a rename operation with a failing system call', () => {
  for (const subject of subjects.filter(({ on }) => on === undefined)) {
    for (const operation of operations.filter(({ engines }) => engines.includes(subject.engine))) {
      for (const form of [operation.name, `${operation.name}Sync`] satisfies Form[]) {
        describe(`${form} of ${subject.name}`, () => {
          let saver: TracedSaver;

          beforeAll(() => {
            saver = new TracedSaver(subject, form, () => scratch.at('traced'));
          });

          afterAll(async () => {
            await saver.stop();
          });

          for (const fault of [...common, ...own[operation.name]]) {
            it(titleOf(fault), async (test) => {
              test.skip(isInMemory(scratch.path), 'no directory on a disk');
              const { outcome, calls, names } = await saver.saveWith({
                ...fault,
                situation: operation.situation,
              });
              const { expected } = fault;
              const code = 'rejects' in expected ? expected.rejects : undefined;
              const published = 'resolves' in expected || expected.published;
              assert.equal(outcome.error?.code, code);
              assert.equal(outcome.error?.published, code === undefined ? undefined : published);
              if (code === undefined) assert.notEqual(outcome.saved?.durability, 'durable');
              assert.equal(contentOf(names.target), published ? NEW : contentBefore(operation.situation));
              assert.deepEqual(
                readdirSync(names.directory).filter((name) => name.startsWith('.indelible-')),
                [],
              );
              const syncs = calls.filter((call) => recognise['sync the directory'](call, names));
              if (syncs.some(wasInjected)) assert.equal(syncs.length, 1, 'a failed sync is not retried');
            });
          }
        });
      }
    }
  }
});
