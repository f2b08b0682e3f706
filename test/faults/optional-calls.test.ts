import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Filesystem, Saved } from '../../src/index.js';
import { type EngineName, engines } from '../engines.js';
import { mountDisk } from '../lab/filesystems.js';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';
import { ended, programPath } from '../node-process.js';
import { Forbid } from './forbid.js';
import { straceUnavailable } from './strace.js';

// XFS, on which a save by the native engine makes all optional calls.
const missing = missingFor('mkfs.xfs', 'cc', 'setfattr') ?? (await straceUnavailable());
if (missing !== undefined) process.stderr.write(`optional-calls.test.ts is skipped: ${missing}\n`);

/** What `call-everything.mjs` prints about one call. */
interface Outcome {
  call: string;
  saved?: Partial<Saved>;
  error?: { code: string; syscall: string; published: boolean; message: string };
  content: string;
  left: string[];
}

interface Report {
  outcomes: Outcome[];
  /** The answers of `inspect` before the first call and after the last. */
  before: Filesystem;
  after: Filesystem;
}

/** A call that is taken away, under its name in `forbid.c`. */
interface Row {
  forbidden: readonly string[];
  /** The errors that mean that it is not available. */
  errors: readonly string[];
  /** The calls of `call-everything.mjs` that say ERR_INDELIBLE_UNSUPPORTED. All others succeed. */
  refused?: readonly string[];
  protocol?: Saved['protocol'];
  durability?: Saved['durability'];
  temporary?: 'named' | 'unnamed';
  /** No `EIO` of the call can be seen: Node itself needs it, or it only helps to choose. */
  mayFail?: false;
  /** Only these calls. */
  only?: readonly string[];
}

const FILTER = ['EPERM', 'EACCES', 'ENOSYS'] as const;

const nativeRows: readonly Row[] = [
  {
    forbidden: ['O_TMPFILE'],
    errors: [...FILTER, 'EOPNOTSUPP', 'EINVAL', 'EISDIR'],
    temporary: 'named',
  },
  // Also what FAT answers.
  {
    forbidden: ['link'],
    errors: [...FILTER, 'EOPNOTSUPP', 'EINVAL'],
    refused: ['keepPrevious'],
    temporary: 'named',
  },
  {
    forbidden: ['sync_file_range'],
    errors: [...FILTER, 'EOPNOTSUPP', 'EINVAL'],
    protocol: 'sync-rename-sync',
  },
  { forbidden: ['RENAME_NOREPLACE'], errors: [...FILTER, 'EINVAL'], refused: ['renameExclusive'] },
  {
    forbidden: ['RENAME_EXCHANGE'],
    errors: [...FILTER, 'EINVAL'],
    refused: ['exchange', 'replaceDirectory'],
  },
  { forbidden: ['F_OFD_SETLK'], errors: [...FILTER, 'EINVAL', 'ENOLCK'], refused: ['updateLocked'] },
  { forbidden: ['F_OFD_GETLK'], errors: [...FILTER, 'ENOLCK'], refused: ['updateLocked'] },
  { forbidden: ['flock'], errors: [...FILTER, 'ENOLCK'], refused: ['updateLocked'] },
  { forbidden: ['syncfs'], errors: [...FILTER, 'EOPNOTSUPP'] },
  { forbidden: ['fsync'], errors: [...FILTER, 'EINVAL', 'EOPNOTSUPP'], durability: 'ordered' },
  { forbidden: ['FS_IOC_FSGETXATTR'], errors: [...FILTER, 'ENOTTY', 'EOPNOTSUPP'] },
  { forbidden: ['FICLONE'], errors: [...FILTER, 'ENOTTY', 'EXDEV'], only: ['temporaryFrom'] },
  // Tried only where blocks cannot be shared.
  {
    forbidden: ['FICLONE', 'copy_file_range'],
    errors: [...FILTER, 'EXDEV'],
    only: ['temporaryFrom'],
  },
  // With EACCES Node itself does not start.
  { forbidden: ['statx'], errors: ['EPERM', 'ENOSYS'], mayFail: false },
  { forbidden: ['openat2'], errors: FILTER },
  { forbidden: ['listxattrat', 'getxattrat'], errors: ['EPERM', 'ENOSYS'] },
  { forbidden: ['file_getattr'], errors: ['EPERM', 'ENOSYS', 'EOPNOTSUPP'] },
  { forbidden: ['fstatfs'], errors: FILTER },
  {
    forbidden: ['symlink'],
    errors: ['EPERM', 'ENOSYS', 'EOPNOTSUPP'],
    refused: ['newSymlink'],
    only: ['newSymlink'],
  },
];

const PLAIN_FS_REFUSES = [
  ...['updateLocked', 'temporaryLink', 'temporaryReplace', 'temporaryFrom', 'exchange', 'renameExclusive'],
  'replaceDirectory',
];

const portableRows: readonly Row[] = [
  {
    forbidden: ['link'],
    errors: [...FILTER, 'EOPNOTSUPP'],
    refused: [...PLAIN_FS_REFUSES, 'exclusive', 'keepPrevious', 'updateNew'],
  },
  {
    forbidden: ['fsync'],
    errors: [...FILTER, 'EINVAL', 'EOPNOTSUPP'],
    refused: PLAIN_FS_REFUSES,
    durability: 'ordered',
  },
  { forbidden: ['statfs'], errors: FILTER, refused: PLAIN_FS_REFUSES, mayFail: false },
  { forbidden: ['statx'], errors: ['EPERM', 'ENOSYS'], refused: PLAIN_FS_REFUSES, mayFail: false },
  {
    forbidden: ['symlink'],
    errors: ['EPERM', 'ENOSYS', 'EOPNOTSUPP'],
    refused: ['newSymlink'],
    only: ['newSymlink'],
  },
];

const rows: Readonly<Record<EngineName, readonly Row[]>> = { native: nativeRows, portable: portableRows };

/** What a sandbox that allows none of the optional calls forbids. */
const EVERYTHING = [
  ...['O_TMPFILE', 'link', 'sync_file_range', 'renameat2', 'F_OFD_SETLK', 'F_OFD_GETLK', 'flock', 'syncfs'],
  ...['openat2', 'FS_IOC_FSGETXATTR', 'FS_IOC_FSSETXATTR', 'statfs', 'FICLONE', 'copy_file_range'],
  ...['listxattrat', 'file_getattr'],
];
const REFUSED_WITHOUT_EVERYTHING = [
  ...['exclusive', 'updateNew', 'keepPrevious', 'updateLocked', 'temporaryLink'],
  ...['exchange', 'renameExclusive', 'replaceDirectory'],
];

/** Of these calls the content is the same before and after, if they fail. */
const OLD_CONTENTS = ['old content', 'ENOENT'];

/** Asserts the outcome of every call: it succeeds, or it is refused with the library's own code. */
function assertWaysBack({ outcomes }: Report, { refused = [], protocol, durability }: Row): void {
  assert.ok(outcomes.length > 0);
  for (const { call, saved, error, content, left } of outcomes) {
    const expected = refused.includes(call) ? 'ERR_INDELIBLE_UNSUPPORTED' : undefined;
    assert.equal(error?.code, expected, `${call}: ${error?.message}`);
    assert.deepEqual(left, [], call);
    if (error !== undefined) {
      assert.equal(error.published, false, call);
      assert.ok(OLD_CONTENTS.includes(content), call);
      continue;
    }
    assert.equal(content, 'new content', call);
    if (saved?.protocol !== undefined && protocol !== undefined) assert.equal(saved.protocol, protocol, call);
    if (durability !== undefined) {
      assert.equal(saved?.durability, durability, call);
    } else {
      assert.equal(saved?.durability, call === 'saveOrdered' ? 'ordered' : 'durable', call);
    }
  }
}

/** Asserts that an error which never means "not available" is reported, and undone before the rename. */
function assertReported({ outcomes }: Report, error: string): void {
  const failed = outcomes.filter((outcome) => outcome.error?.code === error);
  assert.ok(failed.length > 0, 'no call has failed');
  for (const { call, error: thrown, content, left } of failed) {
    assert.deepEqual(left, [], call);
    assert.equal(typeof thrown?.published, 'boolean', call);
    if (thrown?.published === false) assert.ok(OLD_CONTENTS.includes(content), `${call}: ${content}`);
    else assert.equal(content, 'new content', call);
  }
  for (const { error: thrown } of outcomes) {
    assert.ok(
      thrown === undefined || [error, 'ERR_INDELIBLE_UNSUPPORTED'].includes(thrown.code),
      thrown?.message,
    );
  }
}

describe.skipIf(missing !== undefined)('a system in which an optional call is missing or forbidden', () => {
  let workspace: Workspace;
  let tools = '';
  let forbid: Forbid;
  let disk = '';

  beforeAll(async () => {
    tools = mkdtempSync(join(tmpdir(), 'indelible-forbid-'));
    forbid = await Forbid.build(tools);
    workspace = await Workspace.create();
    disk = (await mountDisk(workspace, 'disk', { format: 'xfs' })).directory;
  });

  afterAll(async () => {
    await workspace.remove();
    rmSync(tools, { recursive: true, force: true });
  });

  let directories = 0;

  /**
   * Runs the program behind other programs, each with its arguments; in a mount namespace of its own, since a
   * change of the mount table makes the library forget what is not available.
   */
  async function callEverything(
    engine: EngineName,
    behind: readonly string[],
    only: readonly string[] = [],
  ): Promise<Report> {
    directories += 1;
    const directory = join(disk, `calls-${directories}`);
    mkdirSync(directory);
    const args = [process.execPath, programPath('call-everything.mjs'), directory];
    if (only.length > 0) args.push(only.join(','));
    const [program = '', ...rest] = ['unshare', '-m', ...behind, ...args];
    const environment = { ...process.env, INDELIBLE_ENGINE: engine };
    const { code, stdout, stderr } = await ended(spawn(program, rest, { env: environment }));
    rmSync(directory, { recursive: true, force: true });
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout);
  }

  function without(
    engine: EngineName,
    error: string,
    { forbidden, only }: Pick<Row, 'forbidden' | 'only'>,
  ): Promise<Report> {
    return callEverything(engine, forbid.behind(error, forbidden), only);
  }

  for (const engine of engines) {
    describe(`with the ${engine} engine`, () => {
      for (const row of rows[engine]) {
        const name = row.forbidden.join(', ');
        for (const error of row.errors) {
          it.concurrent(`does without ${name} if it fails with ${error}`, async () => {
            const report = await without(engine, error, row);
            assertWaysBack(report, row);
            const { durable } = report.after.protocol;
            if (row.protocol !== undefined) assert.equal(durable.protocol, row.protocol);
            if (row.temporary !== undefined) assert.equal(durable.temporary, row.temporary);
            const saved = report.outcomes.findLast(({ call }) => call === 'save')?.saved;
            if (saved === undefined) return;
            assert.equal(saved.protocol, durable.protocol);
            if (engine === 'native') assert.equal(saved.durability, durable.achieves);
          });
        }
        if (row.mayFail === false) continue;
        it.concurrent(`reports that ${name} has failed with EIO`, async () => {
          assertReported(await without(engine, 'EIO', row), 'EIO');
        });
      }

      for (const error of FILTER) {
        it.concurrent(`saves where everything optional fails with ${error}`, async () => {
          const report = await without(engine, error, {
            forbidden: error === 'EACCES' ? EVERYTHING : [...EVERYTHING, 'statx'],
          });
          const refused =
            engine === 'native'
              ? REFUSED_WITHOUT_EVERYTHING
              : [...PLAIN_FS_REFUSES, 'exclusive', 'updateNew', 'keepPrevious'];
          assertWaysBack(report, { forbidden: [], errors: [], refused, protocol: 'sync-rename-sync' });
        });
      }

      it('saves without /proc', async () => {
        const script = 'umount -l /proc && exec "$@"';
        const report = await callEverything(engine, ['sh', '-c', script, 'sh']);
        assertWaysBack(report, {
          forbidden: [],
          errors: [],
          refused: engine === 'native' ? [] : PLAIN_FS_REFUSES,
          protocol: 'sync-rename-sync',
        });
      });
    });
  }

  describe.runIf(engines.includes('native'))('a sweep without statx, which tells the mount', () => {
    const TRASH = '.indelible-tree-abcdefghijklmnop';

    /** Mounts another directory of the disk at a place of an old tree, sweeps, and returns what that directory has. */
    async function contentAfterSweep(error: string, mountedAt: string): Promise<string[]> {
      const swept = mkdtempSync(join(disk, 'swept-'));
      const mounted = mkdtempSync(join(disk, 'mounted-'));
      mkdirSync(join(swept, TRASH), { mode: 0o700 });
      mkdirSync(join(swept, TRASH, TRASH, 'inner'), { recursive: true });
      // What looks like an old tree, so that only the mount protects it.
      mkdirSync(join(mounted, TRASH));
      writeFileSync(join(mounted, TRASH, 'file'), 'precious');
      chmodSync(mounted, 0o700);
      const request = JSON.stringify({ call: 'sweepSync', arguments: [swept] });
      const { code, stdout, stderr } = await ended(
        spawn('unshare', [
          ...['-m', 'sh', '-c', 'mount --bind "$1" "$2" && shift 2 && exec "$@"', 'sh'],
          ...[mounted, join(swept, mountedAt), ...forbid.behind(error, ['statx'])],
          ...[process.execPath, programPath('call-as.mjs'), request],
        ]),
      );
      assert.equal(code, 0, stderr);
      assert.deepEqual(JSON.parse(stdout), { result: [] });
      return readdirSync(mounted, { recursive: true, encoding: 'utf8' }).sort();
    }

    for (const error of ['EPERM', 'ENOSYS']) {
      it(`removes nothing that is mounted in an old tree if statx fails with ${error}`, async () => {
        const left = await contentAfterSweep(error, join(TRASH, TRASH, 'inner'));
        assert.deepEqual(left, [TRASH, join(TRASH, 'file')]);
      });

      it(`removes nothing that is mounted at the name of an old tree if statx fails with ${error}`, async () => {
        assert.deepEqual(await contentAfterSweep(error, TRASH), [TRASH, join(TRASH, 'file')]);
      });
    }
  });

  for (const error of FILTER) {
    it.runIf(engines.includes('native'))(
      `refuses a path that is too long if openat2 fails with ${error}`,
      async () => {
        const path = join(disk, 'a/'.repeat(3000), 'file');
        const request = JSON.stringify({ call: 'save', arguments: [path, 'new', { makeDirectories: true }] });
        const [program = '', ...args] = [
          ...forbid.behind(error, ['openat2']),
          ...[process.execPath, programPath('call-as.mjs'), request],
        ];
        const { code, stdout, stderr } = await ended(spawn(program, args));
        assert.equal(code, 0, stderr);
        assert.equal(JSON.parse(stdout).error?.code, 'ENAMETOOLONG', stdout);
        assert.ok(!existsSync(join(disk, 'a')));
      },
    );
  }

  describe.runIf(engines.includes('native'))('remembers what is not available', () => {
    const saves = ['save', 'saveSync', 'create', 'exclusive', 'keepPrevious', 'saveAll', 'stream'];
    const tried: readonly { forbidden: string; traced: string; isTry: RegExp; calls: readonly string[] }[] = [
      { forbidden: 'O_TMPFILE', traced: 'openat', isTry: /O_TMPFILE/, calls: saves },
      { forbidden: 'link', traced: 'linkat', isTry: /\/proc\/self\/fd/, calls: [...saves, 'temporaryLink'] },
      { forbidden: 'sync_file_range', traced: 'sync_file_range', isTry: /./, calls: saves },
      {
        forbidden: 'RENAME_NOREPLACE',
        traced: 'renameat2',
        isTry: /NOREPLACE/,
        calls: [...saves, 'updateNew'],
      },
      { forbidden: 'RENAME_EXCHANGE', traced: 'renameat2', isTry: /EXCHANGE/, calls: saves },
      { forbidden: 'FS_IOC_FSGETXATTR', traced: 'ioctl', isTry: /FSGETXATTR/, calls: saves },
      { forbidden: 'fsync', traced: 'fsync', isTry: /./, calls: saves },
      { forbidden: 'listxattrat', traced: 'all', isTry: /listxattrat|syscall_0x1d1/, calls: saves },
      { forbidden: 'file_getattr', traced: 'all', isTry: /file_getattr|syscall_0x1d4/, calls: saves },
    ];
    for (const { forbidden: call, traced, isTry, calls } of tried) {
      it(`tries ${call} once on a filesystem, not for each save`, async () => {
        const log = join(tools, 'log');
        const behind = [
          ...['strace', '-f', '-qq', '-e', `trace=${traced}`, '-o', log],
          ...forbid.behind('EPERM', [call]),
        ];
        const report = await callEverything('native', behind, calls);
        assert.ok(report.outcomes.length > 10);
        // `inspect` asks whether a filter forbids the call, with descriptors that are not open.
        const tries = readFileSync(log, 'utf8')
          .split('\n')
          .filter((line) => line.includes('EPERM') && isTry.test(line) && !line.includes('(-1,'));
        assert.ok(tries.length <= 1, tries.join('\n'));
      });
    }
  });
});
