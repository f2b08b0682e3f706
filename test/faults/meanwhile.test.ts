import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { mountDisk } from '../lab/filesystems.js';
import { Workspace } from '../lab/workspace.js';
import { isRoot } from '../privileges.js';
import { isInMemory, ScratchDirectory } from '../scratch-directory.js';
import type { Names } from './save-steps.js';
import type { Form } from './saver.js';
import { contentOf, NEW, type Situation } from './situations.js';
import { straceUnavailable } from './strace.js';
import { subjects } from './subjects.js';
import { type TracedSave, TracedSaver } from './traced-saver.js';

const unavailable = await straceUnavailable();

const scratch = new ScratchDirectory();

interface Interference {
  /** What stands there when the save comes to its rename. */
  name: string;
  situation: Situation;
  act(names: Names): void;
  /** Why only root can do it, if so. */
  onlyRoot?: string;
  /** What has to be taken back before anything can be checked. */
  undo?(names: Names): void;
  /** What has to become of the save. */
  check(save: TracedSave): void;
}

function resolved({ outcome, names }: TracedSave): void {
  assert.equal(outcome.error, undefined);
  assert.equal(contentOf(names.target), NEW);
}

function rejected({ outcome }: TracedSave, code: string): void {
  assert.deepEqual([outcome.error?.code, outcome.error?.published], [code, false]);
}

const interferences: readonly Interference[] = [
  {
    name: 'another file, which it replaces with the attributes of the one that it has looked at',
    situation: 'replaces a file',
    act({ directory, target }) {
      writeFileSync(join(directory, 'other'), 'other');
      chmodSync(join(directory, 'other'), 0o777);
      renameSync(join(directory, 'other'), target);
    },
    check(save) {
      resolved(save);
      assert.equal(statSync(save.names.target).mode & 0o7777, 0o640);
    },
  },
  {
    name: 'nothing any more, which it fills',
    situation: 'replaces a file',
    act: ({ target }) => rmSync(target),
    check: resolved,
  },
  {
    name: 'a directory, which it leaves alone',
    situation: 'replaces a file',
    act({ target }) {
      rmSync(target);
      mkdirSync(target);
      writeFileSync(join(target, 'inside'), 'inside');
    },
    check(save) {
      rejected(save, 'EISDIR');
      assert.equal(readFileSync(join(save.names.target, 'inside'), 'utf8'), 'inside');
    },
  },
  {
    name: 'a symbolic link, which it replaces itself',
    situation: 'replaces a file',
    act({ directory, target }) {
      renameSync(target, `${directory}-elsewhere`);
      symlinkSync(`${directory}-elsewhere`, target);
    },
    check(save) {
      resolved(save);
      assert.ok(lstatSync(save.names.target).isFile());
      assert.equal(readFileSync(`${save.names.directory}-elsewhere`, 'utf8'), 'old content');
      rmSync(`${save.names.directory}-elsewhere`);
    },
  },
  {
    name: 'a file with the flag +i, which it leaves alone',
    situation: 'replaces a file',
    onlyRoot: 'only root may set the flag +i',
    act: ({ target }) => void execFileSync('chattr', ['+i', target]),
    undo: ({ target }) => void execFileSync('chattr', ['-i', target]),
    check(save) {
      rejected(save, 'EPERM');
      assert.equal(contentOf(save.names.target), 'old content');
    },
  },
  {
    name: 'a file where there must be none, which it leaves alone',
    situation: 'creates a file exclusively',
    act: ({ target }) => writeFileSync(target, 'first'),
    check(save) {
      rejected(save, 'EEXIST');
      assert.equal(contentOf(save.names.target), 'first');
    },
  },
];

/** An update looks again at the last moment, so that nothing of this happens to it. */
const updates: readonly Interference[] = interferences
  .filter(({ situation }) => situation === 'replaces a file')
  .map((interference) => ({
    ...interference,
    name: interference.name.replace(/, which .*/, ', which it leaves alone'),
    check(save) {
      const { code, published } = save.outcome.error ?? {};
      assert.deepEqual([code, published], ['ERR_INDELIBLE_CHANGED', false]);
      assert.notEqual(contentOf(save.names.target), NEW);
      rmSync(`${save.names.directory}-elsewhere`, { force: true });
    },
  }));

describe.skipIf(unavailable !== undefined)('when its target has been looked at and is then', () => {
  for (const subject of subjects) {
    for (const form of ['save', 'saveSync', 'update', 'updateSync'] satisfies Form[]) {
      describe(`${form} of ${subject.name} finds`, () => {
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

        for (const { name, situation, onlyRoot, act, undo, check } of form.startsWith('update')
          ? updates
          : interferences) {
          it(name, async (test) => {
            test.skip(onlyRoot !== undefined && !isRoot, onlyRoot);
            test.skip(subject.on === undefined && isInMemory(scratch.path), 'no directory on a disk');
            const save = await saver.saveStoppedAfter({ step: 'sync the file', situation }, act);
            undo?.(save.names);
            check(save);
            const temporaries = readdirSync(save.names.directory).filter((one) =>
              one.startsWith('.indelible-'),
            );
            assert.deepEqual(temporaries, []);
          });
        }
      });
    }
  }
});
