import assert from 'node:assert/strict';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { nativeUnavailable } from '../engines.js';
import { mountDisk } from '../lab/filesystems.js';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';
import { type Cell, OLD_FILES, type Variant } from './cells.js';
import { install } from './installation.js';
import { type Complaint, judge, statesOf } from './judge.js';
import { runCells, type Seen } from './run.js';
import { ROOT_SAVER, SAVERS, type Saver } from './savers.js';
import { Subjects } from './subjects.js';

const missing =
  missingFor('cc', 'mkfs.ext4', 'mkfs.xfs', 'setfacl', 'setfattr', 'setpriv') ?? nativeUnavailable;
if (missing !== undefined) process.stderr.write(`rights.test.ts is skipped: ${missing}\n`);

const VARIANTS: readonly Variant[] = [
  { name: 'the native engine with named temporaries', engine: 'native', disk: 'named' },
  { name: 'the native engine with unnamed temporaries', engine: 'native', disk: 'unnamed' },
  { name: 'the portable engine', engine: 'portable', disk: 'named' },
];

const NAIVE_CELLS: readonly Cell[] = [
  { call: 'writeFile', old: undefined, options: {}, place: 'plain', umask: 0o022 },
  ...OLD_FILES.filter(({ place }) => place === undefined).map(
    (old): Cell => ({
      ...{ call: 'naive', old, options: {}, place: 'plain', umask: 0o022 },
    }),
  ),
];

/** Fails with the first of the complaints. */
function assertNone(complaints: readonly Complaint[], kind: Complaint['kind']): void {
  const texts = complaints.filter((complaint) => complaint.kind === kind).map(({ text }) => text);
  const more = texts.length > 12 ? [`and ${texts.length - 12} more`] : [];
  assert.deepEqual([...texts.slice(0, 12), ...more], []);
}

describe.skipIf(missing !== undefined)('the rights to a saved file', () => {
  let workspace: Workspace;
  const found = new Map<string, { complaints: Complaint[]; left: string[] }>();
  let naive: Complaint[] = [];

  beforeAll(async () => {
    workspace = await Workspace.create();
    const disks = {
      // Fast commits: no temporary without a name is safe.
      named: await mountDisk(workspace, 'named', { format: 'ext4', mkfs: ['-O', 'fast_commit'] }),
      unnamed: await mountDisk(workspace, 'unnamed', { format: 'xfs' }),
    };
    const installation = await install(workspace);
    const subjects = new Subjects(installation);
    const runs: { name: string; seen: Seen[]; left: string[] }[] = [];
    let started = 0;
    const run = async (variant: Variant, saver: Saver, name: string, cells?: readonly Cell[]) => {
      const directory = join(disks[variant.disk].directory, String(started++));
      runs.push({ name, ...(await runCells(directory, variant, saver, installation, subjects, cells)) });
    };
    const [first] = VARIANTS;
    assert.ok(first !== undefined);
    await run(first, ROOT_SAVER, 'naive', NAIVE_CELLS);
    const waiting = VARIANTS.flatMap((variant) => SAVERS.map((saver) => ({ variant, saver })));
    const runAll = async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        await run(next.variant, next.saver, `${next.variant.name} ${next.saver.name}`);
      }
    };
    await Promise.all([runAll(), runAll()]);
    const states = runs.flatMap(({ seen }) => seen.flatMap(statesOf));
    const rightsOf = await subjects.rightsIn(join(disks.named.directory, 'states'), states);
    for (const { name, seen, left } of runs) {
      const complaints = seen.flatMap((one) => judge(one, rightsOf));
      if (name === 'naive') naive = complaints;
      found.set(name, { complaints, left });
    }
    await subjects.stop();
  });
  afterAll(async () => {
    await workspace.remove();
  });

  it('are judged: a saver that writes a file and copies the mode is found guilty', () => {
    for (const kind of ['widens', 'loses'] as const)
      assert.ok(naive.some((complaint) => complaint.kind === kind));
  });

  for (const variant of VARIANTS) {
    for (const saver of SAVERS) {
      describe(`by ${variant.name} as ${saver.name}`, () => {
        const complaints = () => found.get(`${variant.name} ${saver.name}`)?.complaints ?? [];

        it('are not more than before, for anybody, at any instant', () => {
          assertNone(complaints(), 'widens');
        });

        it('are exactly those that were asked for', () => {
          assertNone(complaints(), 'asked');
        });

        it('are kept where the process may keep them', () => {
          assertNone(complaints(), 'loses');
        });

        it('do not make a save fail, unless they were asked for', () => {
          assertNone(complaints(), 'outcome');
          assert.deepEqual(found.get(`${variant.name} ${saver.name}`)?.left, []);
        });
      });
    }
  }
});
