import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { mountDisk } from '../lab/filesystems.js';
import { Workspace } from '../lab/workspace.js';
import { isInMemory } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { type Fault, titleOf } from './faults.js';
import { recognise } from './save-steps.js';
import { contentBefore, contentOf, NEW, type Situation } from './situations.js';
import { straceUnavailable } from './strace.js';
import { subjects } from './subjects.js';
import { TracedSaver } from './traced-saver.js';

const unavailable = await straceUnavailable();

const scratch = new ScratchDirectory();

const replaces: Situation = 'replaces a file';
const links: Situation = 'creates a file exclusively';

function fails(
  step: Fault['step'],
  error: string,
  situation: Situation,
  published = false,
): Pick<Fault, 'step' | 'error' | 'situation' | 'expected'> {
  return { step, error, situation, expected: { rejects: error, published } };
}

const faults = [
  fails('create the temporary', 'EROFS', replaces),
  fails('create the temporary', 'ENOSPC', replaces),
  fails('set the mode', 'EIO', replaces),
  fails('sync the file', 'EIO', replaces),
  fails('sync the file', 'ENOSPC', links),
  fails('link', 'EIO', replaces),
  fails('link', 'ENOSPC', links),
  fails('link', 'EEXIST', links),
  fails('rename', 'EIO', replaces),
  fails('sync the directory', 'EIO', replaces, true),
  fails('sync the directory', 'EIO', links, true),
  {
    step: 'sync the directory',
    error: 'EINVAL',
    situation: links,
    expected: { resolves: 'less than durable' },
  },
] as const;

describe.skipIf(unavailable !== undefined)('publishing a TemporaryFile with a failing system call', () => {
  for (const subject of subjects.filter(({ engine }) => engine === 'native')) {
    for (const form of ['publishTemporary', 'publishTemporarySync'] as const) {
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

        for (const fault of faults) {
          it(`${titleOf(fault)}, in a publication that ${fault.situation}`, async (test) => {
            test.skip(subject.on === undefined && isInMemory(scratch.path), 'no directory on a disk');
            const { outcome, calls, names } = await saver.saveWith(fault);
            const { expected } = fault;
            const code = 'rejects' in expected ? expected.rejects : undefined;
            const published = 'resolves' in expected || expected.published;
            assert.equal(outcome.error?.code, code, outcome.error?.message);
            assert.equal(outcome.error?.published, code === undefined ? undefined : published);
            assert.equal(contentOf(names.target), published ? NEW : contentBefore(fault.situation));
            const left = readdirSync(names.directory).filter((name) => name.startsWith('.indelible-'));
            assert.deepEqual(left, []);
            const again = calls.filter((call) => recognise[fault.step](call, names)).slice(1);
            if (/sync/.test(fault.step)) assert.deepEqual(again, [], 'a failed sync is not retried');
          });
        }
      });
    }
  }
});
