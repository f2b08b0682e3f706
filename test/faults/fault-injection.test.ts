import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { mountDisk } from '../lab/filesystems.js';
import { Workspace } from '../lab/workspace.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { type Fault, faults, titleOf } from './faults.js';
import { Forbid, NEWER_CALLS } from './forbid.js';
import { recognise } from './save-steps.js';
import type { Outcome } from './saver.js';
import { contentBefore, contentOf, NEW } from './situations.js';
import { straceUnavailable } from './strace.js';
import { descriptorPath, type SystemCall, wasInjected } from './strace-log.js';
import { subjects } from './subjects.js';
import { type TracedSave, TracedSaver } from './traced-saver.js';

const unavailable = await straceUnavailable();
if (unavailable !== undefined) console.log(`No fault is injected: ${unavailable}`);

const scratch = new ScratchDirectory();

const table: string[][] = [['engine', 'call', 'step', 'fault', 'outcome']];

/** The names of the calls in the errors of Node's `fs`. */
const NODE_NAMES: Readonly<Record<string, string>> = {
  openat: 'open',
  openat2: 'open',
  statx: 'lstat',
  newfstatat: 'lstat',
  readlinkat: 'readlink',
  renameat: 'rename',
  renameat2: 'rename',
  linkat: 'link',
  unlinkat: 'unlink',
  mkdirat: 'mkdir',
};

function assertOutcome({ expected, situation }: Fault, { outcome, calls, names }: TracedSave): void {
  if ('resolves' in expected) {
    assert.equal(outcome.error, undefined);
    assert.equal(outcome.saved?.durability === 'durable', expected.resolves === 'durable');
  } else {
    const failed = calls.find(wasInjected)?.name ?? '';
    const { code, syscall, published } = outcome.error ?? {};
    assert.deepEqual(
      { code, syscall, published },
      {
        code: expected.rejects,
        syscall: expected.syscall ?? NODE_NAMES[failed] ?? failed,
        published: expected.published,
      },
    );
  }
  const published = 'resolves' in expected || expected.published;
  assert.equal(contentOf(names.target), published ? NEW : contentBefore(situation));
}

/** Asserts that no temporary is left, unless its removal is what failed. */
function assertNothingLeft({ calls, names }: TracedSave): void {
  if (!existsSync(names.directory)) return;
  const unlinks = calls.filter((call) => recognise['unlink the temporary'](call, names));
  const cannot = unlinks.length > 0 && unlinks.every(wasInjected);
  const temporaries = readdirSync(names.directory).filter((name) => name.startsWith('.indelible-'));
  assert.equal(temporaries.length, cannot ? 1 : 0, `left behind: ${temporaries}`);
}

/**
 * After a failed sync the kernel may treat the pages as clean. A second sync would succeed without writing
 * them. A write-back that is not available has done nothing.
 */
function assertNotRetried({ calls, outcome }: TracedSave): void {
  const isSync = ({ name }: SystemCall) => ['fsync', 'fdatasync', 'syncfs', 'sync_file_range'].includes(name);
  const failed = calls.find((call) => isSync(call) && wasInjected(call));
  if (failed === undefined) return;
  if (failed.name === 'sync_file_range' && outcome.error === undefined) return;
  const path = descriptorPath(failed);
  const later = calls.slice(calls.indexOf(failed) + 1);
  assert.deepEqual(
    later.filter((call) => isSync(call) && descriptorPath(call) === path),
    [],
  );
}

function describeOutcome({ saved, error }: Outcome): string {
  if (error === undefined) return `resolves, ${saved?.durability}`;
  return `${error.code} ${error.syscall}, ${error.published ? 'published' : 'old file kept'}`;
}

function printTable(): void {
  const [head = []] = table;
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  console.log(lines.join('\n'));
}

describe.skipIf(unavailable !== undefined)('a save with a failing system call', () => {
  let tools = '';
  let forbid: Forbid;

  beforeAll(async () => {
    tools = mkdtempSync(join(tmpdir(), 'indelible-forbid-'));
    forbid = await Forbid.build(tools);
  });
  afterAll(() => {
    rmSync(tools, { recursive: true, force: true });
    printTable();
  });

  for (const subject of subjects) {
    for (const form of ['save', 'saveSync', 'saveChunks', 'saveChunksSync'] as const) {
      describe(`${form} of ${subject.name}`, () => {
        let workspace: Workspace | undefined;
        let saver: TracedSaver;

        beforeAll(async () => {
          const options = { ...subject, behind: forbid.behind('ENOSYS', NEWER_CALLS) };
          if (subject.on === undefined) {
            saver = new TracedSaver(options, form, () => scratch.at('traced'));
            return;
          }
          workspace = await Workspace.create();
          const { directory } = await mountDisk(workspace, 'disk', { format: subject.on });
          saver = new TracedSaver(options, form, () => join(directory, 'traced'));
        });

        afterAll(async () => {
          await saver.stop();
          await workspace?.remove();
        });

        const applicable = faults.filter(
          ({ of = [subject.name], forms = [form] }) => of.includes(subject.name) && forms.includes(form),
        );
        for (const fault of applicable) {
          it(`${titleOf(fault)}, in a save that ${fault.situation}`, async () => {
            const save = await saver.saveWith(fault);
            const errors = [fault.error, ...(fault.also === undefined ? [] : [fault.also.error])].join(', ');
            table.push([subject.name, form, fault.step, errors, describeOutcome(save.outcome)]);
            assertOutcome(fault, save);
            assertNothingLeft(save);
            assertNotRetried(save);
          });
        }
      });
    }
  }
});
