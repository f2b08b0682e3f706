import assert from 'node:assert/strict';
import fs, { existsSync, readlinkSync, symlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { openNearest } from '../../src/fs/plain/directory.js';
import { makeDirectories, syncUnsyncedAbove } from '../../src/fs/plain/unsynced-directories.js';
import { runSync, type Steps } from '../../src/fs/steps.js';
import { ScratchDirectory } from '../scratch-directory.js';

const scratch = new ScratchDirectory();
const { fsyncSync } = fs;

/** The directories that were synced. */
let synced: string[];

beforeEach(() => {
  synced = [];
  fs.fsyncSync = (descriptor) => {
    synced.push(readlinkSync(`/proc/self/fd/${descriptor}`));
    fsyncSync(descriptor);
  };
  syncBuiltinESMExports();
});

afterEach(() => {
  fs.fsyncSync = fsyncSync;
  syncBuiltinESMExports();
});

function* makeMissing(path: string): Steps<boolean> {
  const nearest = yield* openNearest(Buffer.from(path));
  try {
    yield* makeDirectories(nearest.path, Buffer.from(path));
    return yield* syncUnsyncedAbove(Buffer.from(path));
  } finally {
    yield* nearest.close();
  }
}

/** Runs the calls of the steps until the condition holds, and stops there. */
function advance(steps: Steps<unknown>, until: () => boolean): void {
  let state = steps.next();
  while (!state.done && !until()) {
    let result: unknown;
    try {
      result = state.value.sync();
    } catch (error) {
      state = steps.throw(error);
      continue;
    }
    state = steps.next(result);
  }
}

describe.skipIf(process.platform !== 'linux')('making the parents of a durable file', () => {
  it('syncs the name of each directory that it makes', () => {
    runSync(makeMissing(scratch.at('a', 'b')));
    assert.deepEqual(synced, [scratch.at('a'), scratch.path]);
  });

  it('syncs nothing where no directory is missing', () => {
    runSync(makeMissing(scratch.at('a')));
    synced = [];
    runSync(makeMissing(scratch.at('a')));
    assert.deepEqual(synced, []);
  });

  it('syncs a name that another save is creating, and does not rely on that save', () => {
    advance(makeMissing(scratch.at('a', 'b')), () => existsSync(scratch.at('a')));
    assert.deepEqual(synced, []);
    runSync(makeMissing(scratch.at('a')));
    assert.deepEqual(synced, [scratch.path]);
  });

  it('does not take a name for synced that is made while the directory is being synced', () => {
    const other = makeMissing(scratch.at('b', 'c'));
    const first = makeMissing(scratch.at('a'));
    advance(first, () => synced.length > 0);
    advance(other, () => existsSync(scratch.at('b')));
    runSync(first);
    synced = [];
    runSync(makeMissing(scratch.at('b')));
    assert.deepEqual(synced, [scratch.path]);
  });

  it('remembers a name whose sync has failed until a sync succeeds', () => {
    fs.fsyncSync = () => {
      throw Object.assign(new Error('EIO'), { code: 'EIO', errno: -5, syscall: 'fsync' });
    };
    syncBuiltinESMExports();
    assert.throws(() => runSync(makeMissing(scratch.at('a'))), { code: 'EIO' });
    fs.fsyncSync = (descriptor) => {
      synced.push(readlinkSync(`/proc/self/fd/${descriptor}`));
    };
    syncBuiltinESMExports();
    symlinkSync('a', scratch.at('link'));
    assert.equal(runSync(syncUnsyncedAbove(Buffer.from(scratch.at('link')))), true);
    assert.deepEqual(synced, [scratch.path]);
    assert.equal(runSync(syncUnsyncedAbove(Buffer.from(scratch.at('a')))), true);
    assert.deepEqual(synced, [scratch.path]);
  });
});
