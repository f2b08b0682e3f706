import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { SYNCS_THAT_SHOW_NO_FAST_COMMIT } from '../../src/filesystem/ext4-proof.js';
import { type Filesystem, inspectFilesystem } from '../../src/filesystem/filesystem.js';
import { mayReportOnClose, mayReturnEarlyFromDirectorySync } from '../../src/filesystem/filesystem-types.js';
import { thisMachine } from '../../src/filesystem/machine.js';
import { type SaveCase, STEPS, stepsOf } from '../../src/filesystem/protocols.js';
import { findInspectedPath } from '../../src/fs/plain/inspected-path.js';
import { run } from '../../src/fs/steps.js';
import type { Durability, Protocol } from '../../src/index.js';
import { type EngineName, engines, nativeUnavailable } from '../engines.js';
import { type Disk, mountDisk, mountOverlay } from '../lab/filesystems.js';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';
import { isInMemory, MEMORY } from '../machine.js';
import { straceUnavailable } from './strace.js';
import { descriptorPath, type SystemCall } from './strace-log.js';
import { TracedSaver } from './traced-saver.js';

const FORCED = { INDELIBLE_PROTOCOL: 'sync-rename-sync' };

/**
 * A filesystem, and the plan that each engine must have on it, so that no protocol is left untested
 * unnoticed.
 */
interface TestFilesystem {
  name: string;
  /** Makes it; the directory is empty and no other process uses it. */
  make: (workspace: Workspace | undefined) => Promise<string>;
  missing: string | undefined;
  environment?: Record<string, string>;
  native: [Protocol, SaveCase['temporary']];
  portable: Protocol;
}

function directoryIn(parent: string): string {
  return mkdtempSync(join(parent, 'indelible-test-'));
}

const scratch = [tmpdir(), process.cwd()].find((path) => !isInMemory(path));
const unmountable =
  missingFor('mkfs.ext4', 'mkfs.xfs', 'mkfs.btrfs') ??
  (thisMachine.isLinux(6, 1) ? undefined : 'needs Linux 6.1');

let disks = 0;

function disk(name: string, image: Disk, native: TestFilesystem['native']): TestFilesystem {
  const make = async (workspace: Workspace | undefined) => {
    assert.ok(workspace !== undefined);
    disks += 1;
    return directoryIn((await mountDisk(workspace, `disk${disks}`, image)).directory);
  };
  return { name, make, missing: unmountable, native, portable: 'sync-rename-sync' };
}

const FAST_COMMIT: Disk = { format: 'ext4', mkfs: ['-O', 'fast_commit'] };
const SYNC_RENAME_SYNC: TestFilesystem['native'] = ['sync-rename-sync', 'named'];

const filesystems: readonly TestFilesystem[] = [
  {
    name: 'in memory',
    make: async () => directoryIn(MEMORY),
    missing: existsSync(MEMORY) && isInMemory(MEMORY) ? undefined : `${MEMORY} is not in memory`,
    native: ['rename', 'named'],
    portable: 'rename',
  },
  {
    name: 'on a disk, with INDELIBLE_PROTOCOL=sync-rename-sync',
    make: async () => directoryIn(scratch ?? ''),
    missing: scratch === undefined ? 'no directory on a disk' : undefined,
    environment: FORCED,
    native: SYNC_RENAME_SYNC,
    portable: 'sync-rename-sync',
  },
  // The very first save shows the feature. The test of the first ten saves covers later processes.
  disk('on ext4 with fast_commit', FAST_COMMIT, SYNC_RENAME_SYNC),
  disk('on ext4 with data=journal', { format: 'ext4', mount: 'data=journal' }, ['single-commit', 'unnamed']),
  disk('on XFS', { format: 'xfs' }, ['single-commit', 'unnamed']),
  {
    ...disk('on XFS, with INDELIBLE_PROTOCOL=sync-rename-sync', { format: 'xfs' }, SYNC_RENAME_SYNC),
    environment: FORCED,
  },
  disk('on ext4 without a journal', { format: 'ext4', mkfs: ['-O', '^has_journal'] }, SYNC_RENAME_SYNC),
  disk('on ext4 without barriers', { format: 'ext4', mount: 'nobarrier' }, SYNC_RENAME_SYNC),
  disk('on btrfs', { format: 'btrfs' }, [
    'sync-rename-sync',
    thisMachine.isLinux(6, 15) ? 'unnamed' : 'named',
  ]),
  {
    ...disk('on an overlay', { format: 'ext4' }, SYNC_RENAME_SYNC),
    make: async (workspace) => {
      assert.ok(workspace !== undefined);
      const below = await mountDisk(workspace, 'below', { format: 'ext4' });
      return directoryIn((await mountOverlay(workspace, 'overlay', below)).directory);
    },
  },
];

const DURABILITIES: readonly Durability[] = ['durable', 'ordered', 'none'];
const TARGETS: readonly SaveCase['target'][] = ['replaced', 'created', 'exclusive'];
const FORMS = ['save', 'saveSync', 'saveChunks', 'saveChunksSync'] as const;

const unavailable = await straceUnavailable();

describe('the system calls of a save are the steps of its protocol', () => {
  let workspace: Workspace | undefined;

  beforeAll(async () => {
    if (unmountable === undefined) workspace = await Workspace.create();
  });
  afterAll(async () => {
    await workspace?.remove();
  });

  for (const filesystem of filesystems) {
    const missing = unavailable ?? filesystem.missing;
    if (missing !== undefined) {
      process.stderr.write(`protocol-steps.test.ts is skipped ${filesystem.name}: ${missing}\n`);
    }

    describe(filesystem.name, () => {
      let directory: string | undefined;

      beforeAll(async () => {
        if (missing === undefined) directory = await filesystem.make(workspace);
      });
      afterAll(() => {
        if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
      });

      for (const engine of engines) {
        it.skipIf(missing !== undefined)(`as inspect reports them for the ${engine} engine`, async () => {
          assert.ok(directory !== undefined);
          const { protocol } = await inspectAs(engine, directory, filesystem.environment);
          const { durable } = protocol;
          const expected = engine === 'native' ? filesystem.native : [filesystem.portable, 'named'];
          assert.deepEqual([durable.protocol, durable.temporary], expected);
        });

        for (const form of FORMS) {
          it.skipIf(missing !== undefined)(`in ${form} of the ${engine} engine`, async () => {
            assert.ok(directory !== undefined);
            await compareSaves(engine, form, directory, filesystem.environment ?? {});
          });
        }
      }
    });
  }

  for (const [name, image, temporary] of [
    ['ext4', { format: 'ext4' }, 'unnamed'],
    ['ext4 with fast_commit, where no temporary is ever unnamed', FAST_COMMIT, 'named'],
  ] as const) {
    const missing = unavailable ?? unmountable ?? nativeUnavailable;
    it.skipIf(missing !== undefined)(`in the first ten durable saves of a process on ${name}`, async () => {
      const directory = await disk(name, image, SYNC_RENAME_SYNC).make(workspace);
      const filesystem = await inspectAs('native', directory);
      const saver = new TracedSaver({ engine: 'native', environment: {} }, 'save', () => directory);
      const calls: string[][] = [];
      try {
        for (let saves = 0; saves < 10; saves += 1) {
          calls.push(await callsOf(saver, directory, 'durable', 'replaced'));
        }
      } finally {
        await saver.stop();
      }
      const { durable } = filesystem.protocol;
      filesystem.protocol.durable = { ...durable, protocol: 'single-commit', temporary };
      const expected = calls.map((_, saves) => {
        const steps =
          saves < SYNCS_THAT_SHOW_NO_FAST_COMMIT
            ? durable.steps
            : expectedSteps(filesystem, 'native', 'durable', 'replaced');
        return steps.map((step) => STEPS[step].calls.native);
      });
      assert.deepEqual(calls, expected);
      assert.ok(
        calls.slice(0, SYNCS_THAT_SHOW_NO_FAST_COMMIT).every((one) => one.includes('fdatasync(temporary)')),
      );
    });
  }
});

/** Saves in every way that changes the steps, and compares the calls with the table. */
async function compareSaves(
  engine: EngineName,
  form: (typeof FORMS)[number],
  directory: string,
  environment: Record<string, string>,
): Promise<void> {
  const filesystem = await inspectAs(engine, directory, environment);
  const saver = new TracedSaver({ engine, environment }, form, () => directory);
  try {
    // Data in chunks differs only in how it is written.
    for (const asked of form.startsWith('saveChunks') ? ['durable' as const] : DURABILITIES) {
      for (const target of TARGETS) {
        const steps = expectedSteps(filesystem, engine, asked, target);
        if (target === 'replaced') assert.deepEqual(filesystem.protocol[asked].steps, steps);
        assert.deepEqual(
          await callsOf(saver, directory, asked, target),
          steps.map((step) => STEPS[step].calls[engine]),
          `${asked}, ${target}`,
        );
      }
    }
  } finally {
    await saver.stop();
  }
}

/** What `inspect` says in a process with this engine and environment. */
async function inspectAs(
  engine: EngineName,
  directory: string,
  environment: Record<string, string> = {},
): Promise<Filesystem> {
  const inspected = await run(findInspectedPath(Buffer.from(directory)));
  Object.assign(process.env, environment);
  try {
    return inspectFilesystem(inspected, engine, thisMachine);
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name];
  }
}

function expectedSteps(
  { mount, protocol }: Filesystem,
  engine: EngineName,
  asked: Durability,
  target: SaveCase['target'],
) {
  assert.ok(mount !== undefined);
  return stepsOf({
    ...protocol[asked],
    ...{ engine, durability: asked, target },
    reportsOnClose: mayReportOnClose(mount.type),
    directorySyncMayReturnEarly: mayReturnEarlyFromDirectorySync(mount.type),
  });
}

/** The calls of one save on its files and directory, in the notation of the table. */
async function callsOf(
  saver: TracedSaver,
  directory: string,
  durability: Durability,
  target: SaveCase['target'],
): Promise<string[]> {
  const path = join(directory, 'target');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  if (target === 'replaced') writeFileSync(path, 'old content');
  const ifExists = target === 'exclusive' ? 'fail' : 'replace';
  // No file is created with this mode, so it has to be set.
  const { outcome, calls } = await saver.save(path, { durability, ifExists, mode: 0o640 });
  assert.equal(outcome.error, undefined);
  return new CallReader(directory).read(calls);
}

/** Writes calls in the notation of the table of steps, regardless of their variant on this machine. */
class CallReader {
  readonly #directory: string;
  /** The names under which the old version is pinned. */
  readonly #pins = new Set<string>();
  #published = false;

  constructor(directory: string) {
    this.#directory = directory;
  }

  read(calls: readonly SystemCall[]): string[] {
    const read = calls
      .filter(({ arguments: text, result }) => text.includes(this.#directory) && !result.startsWith('-'))
      .flatMap((call) => this.#write(call) ?? []);
    // Data may take several writes, and attributes several calls.
    return read.filter((call, index) => call !== read[index - 1]);
  }

  #write(call: SystemCall): string | undefined {
    const { name, arguments: text } = call;
    const file = this.#descriptor(call);
    switch (name) {
      case 'open':
      case 'openat':
        if (text.includes('O_TMPFILE')) return 'open(directory, O_TMPFILE)';
        return text.includes('O_CREAT')
          ? `open(temporary, ${text.includes('O_EXCL') ? 'O_CREAT | O_EXCL' : 'O_CREAT'})`
          : undefined;
      case 'write':
      case 'fchmod':
      case 'fdatasync':
      case 'fsync':
      case 'syncfs':
        return file && `${name}(${file})`;
      case 'sync_file_range':
        return file && `${name}(${file}, ${text.split(', ').at(-1)?.replaceAll('|', ' | ')})`;
      case 'close':
        // A close after the publication is not a step.
        return file === 'temporary' && !this.#published ? 'close(temporary)' : undefined;
      case 'rename':
      case 'renameat':
      case 'renameat2':
        return this.#rename(text);
      case 'link':
      case 'linkat':
        return this.#link(text);
      case 'unlink':
      case 'unlinkat':
        return `unlink(${this.#names(text)})`;
      default:
        return undefined;
    }
  }

  #rename(text: string): string {
    this.#published = true;
    const flags = text.match(/RENAME_\w+/g) ?? [];
    return `${flags.length === 0 ? 'rename' : 'renameat2'}(${[this.#names(text), ...flags].join(', ')})`;
  }

  #link(text: string): string {
    const [from, to] = namesIn(text);
    if (from === 'target' && to !== undefined) this.#pins.add(to);
    if (to === 'target') this.#published = true;
    return `link(${this.#names(text)})`;
  }

  #names(text: string): string {
    const roles = namesIn(text).map((name) => {
      if (this.#pins.has(name)) return 'pin';
      return name.startsWith('.indelible-') ? 'temporary' : name;
    });
    return roles.join(', ');
  }

  #descriptor(call: SystemCall): string | undefined {
    const path = descriptorPath(call);
    if (path === this.#directory) return 'directory';
    // Before the publication this is the old version, afterwards the new one.
    if (path === join(this.#directory, 'target') && !this.#published) return 'target';
    return path?.startsWith(`${this.#directory}/`) ? 'temporary' : undefined;
  }
}

/** The last components of the paths; `descriptor` for one of /proc/self/fd. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/"([^"]*)"/g)].map(([, path = '']) =>
    path.startsWith('/proc/self/fd/') ? 'descriptor' : path.slice(path.lastIndexOf('/') + 1),
  );
}
