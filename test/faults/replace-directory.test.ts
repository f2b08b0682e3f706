import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { durableIfOrdered } from '../durable-if-ordered.js';
import { isInMemory } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { type Fault, titleOf } from './faults.js';
import { recognise } from './save-steps.js';
import type { Form } from './saver.js';
import { contentOf, NEW, OLD } from './situations.js';
import { straceUnavailable } from './strace.js';
import { wasInjected } from './strace-log.js';
import { subjects } from './subjects.js';
import { TracedSaver } from './traced-saver.js';

const unavailable = await straceUnavailable();

const scratch = new ScratchDirectory();

interface TreeFault extends Pick<Fault, 'step' | 'error' | 'expected'> {
  /** The entries of the directory afterwards. */
  left: readonly (string | RegExp)[];
}

const BOTH = ['staged', 'target'];
const TRASH = /^\.indelible-tree-[a-z2-7]{16}$/;

function fails(
  step: Fault['step'],
  error: string,
  left: TreeFault['left'],
  { code = error, published = false } = {},
): TreeFault {
  return { step, error, left, expected: { rejects: code, published } };
}

const faultsOf: Readonly<Record<'native' | 'portable', readonly TreeFault[]>> = {
  native: [
    fails('open the directory', 'EIO', BOTH),
    fails('sync the filesystem', 'EIO', BOTH),
    fails('sync the filesystem', 'ENOSPC', BOTH),
    fails('exchange', 'EIO', BOTH),
    fails('exchange', 'ENOSPC', BOTH),
    fails('exchange', 'EACCES', BOTH),
    ...['EINVAL', 'ENOSYS', 'EOPNOTSUPP'].map((error) =>
      fails('exchange', error, BOTH, { code: 'ERR_INDELIBLE_UNSUPPORTED' }),
    ),
    fails('sync the directory', 'EIO', BOTH, { published: true }),
    {
      step: 'sync the directory',
      error: 'EINVAL',
      left: ['target'],
      expected: { resolves: 'less than durable' },
    },
    fails('move the old tree aside', 'EIO', BOTH, { published: true }),
    fails('remove a file of the old tree', 'EIO', [TRASH, 'target'], { published: true }),
    fails('remove the old tree', 'EIO', [TRASH, 'target'], { published: true }),
    {
      step: 'remove the old tree',
      error: 'ENOENT',
      left: ['target'],
      expected: { resolves: 'durable' },
    },
  ],
  portable: [
    fails('open the directory', 'EIO', ['staged']),
    fails('sync the file', 'EIO', ['staged']),
    fails('sync the file', 'ENOSPC', ['staged']),
    fails('rename', 'EIO', ['staged']),
    fails('rename', 'ENOTEMPTY', ['staged'], { code: 'ERR_INDELIBLE_UNSUPPORTED' }),
    fails('sync the directory', 'EIO', ['target'], { published: true }),
    {
      step: 'sync the directory',
      error: 'EINVAL',
      left: ['target'],
      expected: { resolves: 'less than durable' },
    },
  ],
};

describe.skipIf(unavailable !== undefined)('replacing a directory with a failing system call', () => {
  for (const subject of subjects.filter(({ on }) => on === undefined)) {
    for (const form of ['replaceDirectory', 'replaceDirectorySync'] satisfies Form[]) {
      describe(`${form} of ${subject.name}`, () => {
        let saver: TracedSaver;

        beforeAll(() => {
          saver = new TracedSaver(subject, form, () => scratch.at('traced'));
        });

        afterAll(async () => {
          await saver.stop();
        });

        for (const { left, ...fault } of faultsOf[subject.engine]) {
          const { step, expected } = fault;
          it(titleOf(fault), async (test) => {
            test.skip(isInMemory(scratch.path), 'no directory on a disk');
            const situation =
              subject.engine === 'native' ? 'replaces a directory' : 'puts a directory at a free path';
            const { outcome, calls, names } = await saver.saveWith({ ...fault, situation });
            const code = 'rejects' in expected ? expected.rejects : undefined;
            const published = 'resolves' in expected || expected.published;
            assert.equal(outcome.error?.code, code, outcome.error?.message);
            assert.equal(outcome.error?.published, code === undefined ? undefined : published);
            if ('resolves' in expected) {
              const durable = (await durableIfOrdered(names.directory)) === 'durable';
              assert.equal(
                outcome.saved?.durability === 'durable',
                durable && expected.resolves === 'durable',
              );
            }
            const before = subject.engine === 'native' ? OLD : undefined;
            assert.equal(contentOf(join(names.target, 'file')), published ? NEW : before);
            const found = readdirSync(names.directory).sort();
            assert.equal(found.length, left.length, found.join());
            for (const [index, name] of left.entries()) {
              if (typeof name === 'string') assert.equal(found[index], name);
              else assert.match(found[index] ?? '', name);
            }
            // The old tree is whole until it is renamed to `.indelible-tree-…`.
            if (published && left === BOTH)
              assert.equal(contentOf(join(names.directory, 'staged', 'file')), OLD);
            const again = calls.filter((call) => recognise[step](call, names)).slice(1);
            if (/sync/.test(step) && code !== undefined && calls.some(wasInjected)) {
              assert.deepEqual(again, [], 'a failed sync is not retried');
            }
          });
        }
      });
    }
  }
});
