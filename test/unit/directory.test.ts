import assert from 'node:assert/strict';
import fs, { existsSync, readlinkSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { makeDirectories, openNearest } from '../../src/fs/plain/directory.js';
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
    return yield* makeDirectories(nearest, Buffer.from(path), true);
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
    assert.deepEqual(synced, [scratch.path, scratch.at('a')]);
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
});
