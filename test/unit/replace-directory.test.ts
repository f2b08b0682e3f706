import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { loadAddon } from '../../src/addon/addon.js';
import { failedCall, refusal } from '../../src/base/fs-error.js';
import { SYNC_RENAME_SYNC } from '../../src/filesystem/decision.js';
import type { FileSystemCalls, FilesystemPlan } from '../../src/fs/file-system-calls.js';
import { NativeCalls } from '../../src/fs/native-calls.js';
import { runSync, type Steps } from '../../src/fs/steps.js';
import { type ReplaceDirectoryRequest, replaceDirectory } from '../../src/names/replace-directory.js';
import { nativeUnavailable } from '../engines.js';
import { ScratchDirectory } from '../scratch-directory.js';

const scratch = new ScratchDirectory();

/** The addon's calls, of which some are replaced. */
function callsWith(replaced: (calls: NativeCalls) => Partial<FileSystemCalls>): FileSystemCalls {
  const calls = new NativeCalls(loadAddon());
  const own = replaced(calls);
  return new Proxy<FileSystemCalls>(calls, {
    get(_, key) {
      if (Object.hasOwn(own, key)) return Reflect.get(own, key);
      const value: unknown = Reflect.get(calls, key);
      return typeof value === 'function' ? value.bind(calls) : value;
    },
  });
}

const DURABLE: FilesystemPlan = {
  ...SYNC_RENAME_SYNC.durable,
  ...{ syncfs: false, syncsFileAgain: false, local: true },
};

// biome-ignore lint/correctness/useYield: a plan is known at once.
function* planFor(): Steps<FilesystemPlan> {
  return DURABLE;
}

// biome-ignore lint/correctness/useYield: as above.
function* submitted(): Steps<boolean> {
  return false;
}

function failing(code: 'EBUSY' | 'EIO', path: string): () => never {
  return () => {
    throw Object.assign(refusal(code, 'unlink', path), { path });
  };
}

/** The addon's calls. The filesystem supports only the first exchange. */
function exchangingOnce(): FileSystemCalls {
  let exchanges = 0;
  return callsWith((calls) => ({
    exchange(...names) {
      exchanges += 1;
      if (exchanges > 1) throw failedCall('EINVAL', 'rename');
      return calls.exchange(...names);
    },
  }));
}

describe.skipIf(nativeUnavailable !== undefined || process.platform !== 'linux')(
  'a replaced directory',
  () => {
    it('is reported as published when the old tree could not be kept', () => {
      for (const name of ['staged', 'site', 'kept']) {
        mkdirSync(scratch.at(name));
        writeFileSync(scratch.at(name, name), '');
      }
      const calls = exchangingOnce();
      const request = {
        staged: scratch.at('staged'),
        path: scratch.at('site'),
        keepPrevious: scratch.at('kept'),
        durability: 'none',
        strict: false,
      } as const;
      assert.throws(() => runSync(replaceDirectory(calls, request)), {
        code: 'ERR_INDELIBLE_UNSUPPORTED',
        path: scratch.at('staged'),
        dest: scratch.at('kept'),
        published: true,
      });
      assert.deepEqual(readdirSync(scratch.at('site')), ['staged']);
      assert.deepEqual(readdirSync(scratch.at('staged')), ['site']);
      assert.deepEqual(readdirSync(scratch.at('kept')), ['kept']);
    });

    /** A tree of which the names in one directory cannot be synced. */
    function makeTree(): { calls: FileSystemCalls; request: ReplaceDirectoryRequest } {
      mkdirSync(scratch.at('staged', 'inner'), { recursive: true });
      writeFileSync(scratch.at('staged', 'inner', 'file'), '');
      const calls = callsWith((given) => ({
        planFor,
        *syncDirectory(directory) {
          if (directory.path.toString().endsWith('inner')) return false;
          return yield* given.syncDirectory(directory);
        },
      }));
      const request = {
        staged: scratch.at('staged'),
        path: scratch.at('site'),
        keepPrevious: undefined,
        durability: 'durable',
        strict: false,
      } as const;
      return { calls, request };
    }

    it('is not durable if the names in one of its directories cannot be synced', () => {
      const { calls, request } = makeTree();
      assert.equal(runSync(replaceDirectory(calls, request)).durability, 'ordered');
    });

    it('is refused with strict if the names in one of its directories cannot be synced', () => {
      const { calls, request } = makeTree();
      assert.throws(() => runSync(replaceDirectory(calls, { ...request, strict: true })), {
        code: 'ERR_INDELIBLE_NOT_DURABLE',
        published: false,
      });
      assert.deepEqual(readdirSync(scratch.path), ['staged']);
    });

    it('is not durable if a file in it was only submitted to the disk', () => {
      const { request } = makeTree();
      const calls = callsWith(() => ({ planFor, syncFiles: () => submitted() }));
      assert.equal(runSync(replaceDirectory(calls, request)).durability, 'none');
    });

    it('reports the first error if the look for its cause fails as well', () => {
      for (const name of ['staged', 'site']) {
        mkdirSync(scratch.at(name));
        writeFileSync(scratch.at(name, name), '');
      }
      let removing = false;
      const calls = callsWith((given) => ({
        unlinkAll: () => {
          removing = true;
          return failing('EBUSY', scratch.at('site', 'file'))();
        },
        lookUp: (...args) => (removing ? failing('EIO', scratch.path)() : given.lookUp(...args)),
      }));
      const request = {
        staged: scratch.at('staged'),
        path: scratch.at('site'),
        keepPrevious: undefined,
        durability: 'none',
        strict: false,
      } as const;
      assert.throws(() => runSync(replaceDirectory(calls, request)), { code: 'EBUSY', published: true });
    });
  },
);
