import assert from 'node:assert/strict';
import { chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { engines } from '../engines.js';
import { mountDisk } from '../lab/filesystems.js';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';
import { NOBODY } from '../machine.js';
import { ended, startProgram } from '../node-process.js';
import { recognise, type Step } from './save-steps.js';
import { NEW, OLD, prepare } from './situations.js';
import { straceUnavailable } from './strace.js';
import type { SystemCall } from './strace-log.js';
import { type TracedSave, TracedSaver } from './traced-saver.js';

const missing = missingFor('mkfs.ext4') ?? (await straceUnavailable());
if (missing !== undefined) process.stderr.write(`pinned-version.test.ts is skipped: ${missing}\n`);

describe.skipIf(missing !== undefined)('the replaced version on an ext4 without a journal', () => {
  let workspace: Workspace;
  let root = '';

  beforeAll(async () => {
    workspace = await Workspace.create();
    const { directory } = await mountDisk(workspace, 'disk', {
      format: 'ext4',
      mkfs: ['-O', '^has_journal'],
    });
    root = join(directory, 'traced');
  });
  afterAll(async () => {
    await workspace.remove();
  });

  for (const engine of engines) {
    for (const strict of [false, true]) {
      it(`is ${strict ? 'kept with strict' : 'replaced without a pin'} if it may not be linked (${engine})`, async () => {
        const directory = join(root, '..', `${engine}-${strict}`);
        const path = join(directory, 'file');
        mkdirSync(directory);
        chownSync(directory, NOBODY, NOBODY);
        // Another user's file in the user's own directory (proc(5), fs.protected_hardlinks).
        writeFileSync(path, OLD);
        const call = {
          call: 'save',
          arguments: [path, NEW, { strict, preserve: 'none' }],
          uid: NOBODY,
          gid: NOBODY,
        };
        const environment = { INDELIBLE_ENGINE: engine };
        const { code, stdout, stderr } = await ended(
          startProgram('call-as.mjs', [JSON.stringify(call)], environment),
        );
        assert.equal(code, 0, stderr);
        const { result, error } = JSON.parse(stdout);
        const { code: reported, published } = error ?? {};
        assert.deepEqual(
          [result?.durability, reported, published],
          strict ? [undefined, 'ERR_INDELIBLE_NOT_DURABLE', false] : ['none', undefined, undefined],
        );
        assert.equal(readFileSync(path, 'utf8'), strict ? OLD : NEW);
        assert.deepEqual(readdirSync(directory), ['file']);
      });
    }
  }

  for (const engine of engines) {
    for (const form of ['save', 'saveSync'] as const) {
      describe(`in ${form} of the ${engine} engine`, () => {
        let saver: TracedSaver;

        beforeAll(() => {
          saver = new TracedSaver({ engine, environment: {} }, form, () => root);
        });
        afterAll(async () => {
          await saver.stop();
        });

        const saveWith = (step: Step, error: string): Promise<TracedSave> =>
          saver.saveWith({
            situation: 'replaces a file',
            step,
            error,
            expected: { resolves: 'durable' },
          });

        it("is pinned until the new version's directory entry is synced", async () => {
          const { path, names } = prepare('replaces a file', root);
          // The first save inspects the filesystem before it begins.
          await saver.save(path, {});
          const { outcome, calls } = await saver.save(path, {});
          assert.equal(outcome.error, undefined);
          const last = (step: Step) =>
            calls.findLastIndex((call: SystemCall) => recognise[step](call, names));
          const order = [
            last('sync the file'),
            last('pin the old version'),
            last('sync the directory'),
            last('unlink the temporary'),
          ];
          assert.ok(!order.includes(-1), `${order}`);
          assert.deepEqual(
            order,
            order.toSorted((a, b) => a - b),
          );
          assert.deepEqual(readdirSync(root), ['target']);
        });

        for (const [error, durability] of [
          ['EINVAL', 'none'],
          ['EPERM', 'none'],
          ['EACCES', 'none'],
          ['EMLINK', 'durable'],
        ] as const) {
          it(`is replaced without a pin if the link fails with ${error}: ${durability}`, async () => {
            const { outcome, names } = await saveWith('pin the old version', error);
            assert.equal(outcome.error, undefined);
            assert.equal(outcome.saved?.durability, durability);
            assert.equal(readFileSync(names.target, 'utf8'), NEW);
            assert.deepEqual(readdirSync(root), ['target']);
          });
        }

        for (const error of ['EIO', 'ENOSPC', 'EDQUOT', 'EROFS']) {
          it(`is kept if the link fails with ${error}`, async () => {
            const { outcome, names } = await saveWith('pin the old version', error);
            assert.deepEqual([outcome.error?.code, outcome.error?.published], [error, false]);
            assert.equal(readFileSync(names.target, 'utf8'), OLD);
            assert.deepEqual(readdirSync(root), ['target']);
          });
        }

        it('is not left pinned if the sync fails', async () => {
          const { outcome, names } = await saveWith('sync the directory', 'EIO');
          assert.deepEqual([outcome.error?.code, outcome.error?.published], ['EIO', true]);
          assert.equal(readFileSync(names.target, 'utf8'), NEW);
          assert.deepEqual(readdirSync(root), ['target']);
        });

        it('makes the save reject with published: true if the pin cannot be removed', async () => {
          const { outcome, names } = await saveWith('unlink the temporary', 'EIO');
          const { code, syscall, published } = outcome.error ?? {};
          assert.deepEqual([code, syscall, published], ['EIO', 'unlink', true]);
          assert.equal(readFileSync(names.target, 'utf8'), NEW);
        });
      });
    }
  }

  for (const form of engines.includes('native') ? (['replaceSymlink', 'replaceSymlinkSync'] as const) : []) {
    describe(`in ${form} of the native engine`, () => {
      let saver: TracedSaver;

      beforeAll(() => {
        saver = new TracedSaver({ engine: 'native', environment: {} }, form, () => root);
      });
      afterAll(async () => {
        await saver.stop();
      });

      const replaceWith = (step: Step, error: string): Promise<TracedSave> =>
        saver.saveWith({
          situation: 'replaces a symbolic link',
          step,
          error,
          expected: { resolves: 'durable' },
        });

      it("is pinned until the new link's directory entry is synced, after the new link's inode", async () => {
        const { path, data, names } = prepare('replaces a symbolic link', root);
        // The first call inspects the filesystem before it begins.
        await saver.save(path, {}, data);
        const { outcome, calls } = await saver.save(path, {}, data);
        assert.equal(outcome.error, undefined);
        assert.equal(outcome.saved?.durability, 'durable');
        const last = (step: Step) => calls.findLastIndex((call: SystemCall) => recognise[step](call, names));
        const order = [
          last('make the link'),
          last('sync the filesystem'),
          last('pin the old version'),
          last('rename'),
          last('sync the directory'),
          last('unlink the temporary'),
        ];
        assert.ok(!order.includes(-1), `${order}`);
        assert.deepEqual(
          order,
          order.toSorted((a, b) => a - b),
        );
        assert.deepEqual(readdirSync(root).sort(), ['after', 'before', 'target']);
      });

      for (const [step, error, code, published] of [
        ['pin the old version', 'EPERM', undefined, true],
        ['pin the old version', 'EIO', 'EIO', false],
        ['sync the filesystem', 'EIO', 'EIO', false],
        ['rename', 'EIO', 'EIO', false],
        ['sync the directory', 'EIO', 'EIO', true],
      ] as const) {
        it(`is not left pinned when the call to ${step} fails with ${error}`, async () => {
          const { outcome, names } = await replaceWith(step, error);
          assert.equal(outcome.error?.code, code);
          assert.equal(outcome.error?.published, code === undefined ? undefined : published);
          if (code === undefined) assert.equal(outcome.saved?.durability, 'none');
          assert.equal(readFileSync(names.target, 'utf8'), published ? NEW : OLD);
          assert.deepEqual(readdirSync(root).sort(), ['after', 'before', 'target']);
        });
      }

      it('makes the call reject with published: true if the pin cannot be removed', async () => {
        const { outcome, names } = await replaceWith('unlink the temporary', 'EIO');
        const { code, syscall, published } = outcome.error ?? {};
        assert.deepEqual([code, syscall, published], ['EIO', 'unlink', true]);
        assert.equal(readFileSync(names.target, 'utf8'), NEW);
      });
    });
  }
});
