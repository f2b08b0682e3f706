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
import { isInMemory, isRoot } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import type { Names } from './save-steps.js';
import type { Form } from './saver.js';
import { contentOf, NEW, type Situation } from './situations.js';
import { straceUnavailable } from './strace.js';
import { subjects } from './subjects.js';
import { type TracedSave, TracedSaver } from './traced-saver.js';

const unavailable = await straceUnavailable();

const scratch = new ScratchDirectory();

interface Interference {
  /** What the save finds at the path when it comes to its rename. */
  found: string;
  /** What it does then. */
  reaction: string;
  situation: Situation;
  act(names: Names): void;
  /** The reason if only root can do it. */
  onlyRoot?: string;
  /** Undone before anything is checked. */
  undo?(names: Names): void;
  /** Asserts the required outcome of the save. */
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
    found: 'another file',
    reaction: 'replaces it and keeps the attributes of the file before',
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
    found: 'no file',
    reaction: 'creates the file',
    situation: 'replaces a file',
    act: ({ target }) => rmSync(target),
    check: resolved,
  },
  {
    found: 'a directory',
    reaction: 'rejects',
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
    found: 'a symbolic link',
    reaction: 'replaces the link, not its target',
    situation: 'replaces a file',
    act({ directory, target }) {
      renameSync(target, `${directory}-other`);
      symlinkSync(`${directory}-other`, target);
    },
    check(save) {
      resolved(save);
      assert.ok(lstatSync(save.names.target).isFile());
      assert.equal(readFileSync(`${save.names.directory}-other`, 'utf8'), 'old content');
      rmSync(`${save.names.directory}-other`);
    },
  },
  {
    found: 'a file with the flag +i',
    reaction: 'rejects',
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
    found: 'a file in an exclusive save',
    reaction: 'rejects',
    situation: 'creates a file exclusively',
    act: ({ target }) => writeFileSync(target, 'first'),
    check(save) {
      rejected(save, 'EEXIST');
      assert.equal(contentOf(save.names.target), 'first');
    },
  },
];

/** An update checks the file again just before the rename, so it rejects in all these cases. */
const updates: readonly Interference[] = interferences
  .filter(({ situation }) => situation === 'replaces a file')
  .map((interference) => ({
    ...interference,
    reaction: 'rejects',
    check(save) {
      const { code, published } = save.outcome.error ?? {};
      assert.deepEqual([code, published], ['ERR_INDELIBLE_CHANGED', false]);
      assert.notEqual(contentOf(save.names.target), NEW);
      rmSync(`${save.names.directory}-other`, { force: true });
    },
  }));

describe.skipIf(unavailable !== undefined)('a save whose target changes before the rename', () => {
  for (const subject of subjects) {
    for (const form of ['save', 'saveSync', 'update', 'updateSync'] satisfies Form[]) {
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

        for (const { found, reaction, situation, onlyRoot, act, undo, check } of form.startsWith('update')
          ? updates
          : interferences) {
          it(`${reaction} if it finds ${found}`, async (test) => {
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
