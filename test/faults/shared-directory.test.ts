import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { engines } from '../engines.js';
import { mountDisk } from '../lab/filesystems.js';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';
import { recognise, type Step } from './save-steps.js';
import { NEW, prepare } from './situations.js';
import { straceUnavailable } from './strace.js';
import type { SystemCall } from './strace-log.js';
import { TracedSaver } from './traced-saver.js';

const missing = missingFor('mkfs.btrfs', 'python3') ?? (await straceUnavailable());
if (missing !== undefined) process.stderr.write(`shared-directory.test.ts is skipped: ${missing}\n`);

/**
 * The lock of native/platform/linux_directory_sync.cc, a shared lock of struct flock, for x86-64 and arm64.
 */
const LOCK_SCRIPT = `
import fcntl, os, struct, sys
F_OFD_SETLK = 37
directory = os.open(sys.argv[1], os.O_RDONLY)
fcntl.fcntl(directory, F_OFD_SETLK, struct.pack('hhqqi4x', fcntl.F_RDLCK, 0, 1 << 61, 1, 0))
print('locked', flush=True)
sys.stdin.read()
`;

/** Starts a process that holds the lock of a process that is syncing the directory. The result ends it. */
async function syncing(directory: string): Promise<() => Promise<void>> {
  const holder = spawn('python3', ['-c', LOCK_SCRIPT, directory], { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  return async () => {
    holder.stdin.end();
    await once(holder, 'exit');
  };
}

describe.skipIf(missing !== undefined)('a durable save on btrfs', () => {
  let workspace: Workspace;
  let root = '';

  beforeAll(async () => {
    workspace = await Workspace.create();
    root = join((await mountDisk(workspace, 'disk', { format: 'btrfs' })).directory, 'traced');
  });
  afterAll(async () => {
    await workspace.remove();
  });

  for (const engine of engines) {
    for (const form of ['save', 'saveSync'] as const) {
      describe(`by ${form} of the ${engine} engine`, () => {
        let saver: TracedSaver;

        beforeAll(() => {
          saver = new TracedSaver({ engine, environment: {} }, form, () => root);
        });
        afterAll(async () => {
          await saver.stop();
        });

        /** The positions of these steps among the calls of a save, -1 for a step that was not made. */
        async function positionsOf(...steps: Step[]): Promise<number[]> {
          const { path, names } = prepare('replaces a file', root);
          // The first save inspects the filesystem before it begins.
          await saver.save(path, {});
          const { outcome, calls } = await saver.save(path, {});
          assert.equal(outcome.error, undefined);
          return steps.map((step) => calls.findLastIndex((call: SystemCall) => recognise[step](call, names)));
        }

        if (engine === 'native') {
          it('commits only the file and its directory entry if no other process syncs the directory', async () => {
            const [directory = -1, filesystem] = await positionsOf(
              'sync the directory',
              'sync the filesystem',
            );
            assert.ok(directory >= 0);
            assert.equal(filesystem, -1);
          });

          it('commits the whole filesystem if another process is syncing the directory', async () => {
            const { path, names } = prepare('replaces a file', root);
            await saver.save(path, {});
            const stop = await syncing(root);
            try {
              const { outcome, calls } = await saver.save(path, {});
              assert.equal(outcome.error, undefined);
              const position = (step: Step) =>
                calls.findLastIndex((call: SystemCall) => recognise[step](call, names));
              assert.ok(position('sync the directory') >= 0);
              assert.ok(position('sync the filesystem') > position('sync the directory'));
            } finally {
              await stop();
            }
          });

          it('commits the whole filesystem if it cannot find out whether another process is syncing', async () => {
            const { outcome, calls } = await saver.saveWith({
              situation: 'replaces a file',
              step: 'look for other syncing processes',
              error: 'EIO',
              expected: { resolves: 'durable' },
            });
            assert.equal(outcome.error, undefined);
            assert.ok(calls.some(({ name }) => name === 'syncfs'));
          });

          it('rejects with published: true if that commit fails', async () => {
            const { outcome, names } = await saver.saveWith({
              situation: 'replaces a file',
              step: 'look for other syncing processes',
              error: 'EIO',
              also: { names: ['syncfs'], error: 'ENOSPC' },
              expected: { rejects: 'ENOSPC', published: true },
            });
            const { code, syscall, published } = outcome.error ?? {};
            assert.deepEqual([code, syscall, published], ['ENOSPC', 'syncfs', true]);
            assert.equal(readFileSync(names.target, 'utf8'), NEW);
            assert.deepEqual(readdirSync(root), ['target']);
          });
        } else {
          it('syncs the file again after the rename', async () => {
            const order = await positionsOf('rename', 'sync the directory', 'sync the file again');
            assert.ok(!order.includes(-1), `${order}`);
            assert.deepEqual(
              order,
              order.toSorted((a, b) => a - b),
            );
          });

          it('rejects with published: true if that sync fails', async () => {
            const { outcome, names } = await saver.saveWith({
              situation: 'replaces a file',
              step: 'sync the file again',
              error: 'EIO',
              expected: { rejects: 'EIO', published: true },
            });
            const { code, syscall, published } = outcome.error ?? {};
            assert.deepEqual([code, syscall, published], ['EIO', 'fsync', true]);
            assert.equal(readFileSync(names.target, 'utf8'), NEW);
            assert.deepEqual(readdirSync(root), ['target']);
          });
        }
      });
    }
  }

  for (const [form, situation] of [
    ['replaceSymlink', 'replaces a symbolic link'],
    ['replaceDirectory', 'puts a directory at a free path'],
  ] as const) {
    it(`rejects with published: true if the last sync of ${form} of the portable engine fails`, async () => {
      const saver = new TracedSaver({ engine: 'portable', environment: {} }, form, () => root);
      try {
        const { outcome, names } = await saver.saveWith({
          situation,
          step: 'sync the file again',
          error: 'EIO',
          expected: { rejects: 'EIO', published: true },
        });
        const { code, syscall, published } = outcome.error ?? {};
        assert.deepEqual([code, syscall, published], ['EIO', 'fsync', true]);
        assert.ok(existsSync(names.target));
        assert.deepEqual(
          readdirSync(root).filter((name) => name.startsWith('.')),
          [],
        );
      } finally {
        await saver.stop();
      }
    });
  }
});
