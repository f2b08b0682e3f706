import assert from 'node:assert/strict';
import fs, { writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, describe, it } from 'vitest';
import { saveErrorOf } from '../../src/addon/native-error.js';
import { WIRE } from '../../src/addon/wire.js';
import { saveParametersOf } from '../../src/api/save.js';
import { toSaveError } from '../../src/base/fs-error.js';
import { resolveOptions } from '../../src/base/options.js';
import { plainCalls } from '../../src/fs/plain/plain-calls.js';
import { runSync } from '../../src/fs/steps.js';
import { ScratchDirectory } from '../scratch-directory.js';

const scratch = new ScratchDirectory();
const { fdatasyncSync, closeSync } = fs;

afterEach(() => {
  Object.assign(fs, { fdatasyncSync, closeSync });
  syncBuiltinESMExports();
});

function failWith(code: string, errno: number, syscall: string): () => never {
  return () => {
    throw Object.assign(new Error(code), { code, errno, syscall });
  };
}

describe('a file of a tree whose sync fails', () => {
  it('is reported with that error, although its close fails as well', () => {
    writeFileSync(scratch.at('file'), 'content');
    const directory = runSync(plainCalls.openDirectory(Buffer.from(scratch.path)));
    const closed: number[] = [];
    fs.fdatasyncSync = failWith('EIO', -5, 'fdatasync');
    fs.closeSync = (descriptor) => {
      closed.push(descriptor);
      closeSync(descriptor);
      failWith('ENOSPC', -28, 'close')();
    };
    syncBuiltinESMExports();
    assert.throws(() => runSync(plainCalls.syncFiles(directory, [Buffer.from('file')])), {
      code: 'EIO',
      syscall: 'fdatasync',
    });
    assert.equal(closed.length, 1);
    runSync(plainCalls.close(directory));
  });
});

describe('an error after the rename', () => {
  it('says that the file is published, whatever the reason', () => {
    const request = saveParametersOf('/file', resolveOptions({ keepPrevious: '/kept' }));
    for (const reason of WIRE.reasons) {
      for (const published of [true, false]) {
        const failure = { published, reason, errno: 5, syscall: 'rename' } as const;
        assert.equal(saveErrorOf(request, failure).published, published, reason);
      }
    }
  });

  it("says so if it is an error of Node's without a number", () => {
    for (const published of [true, false]) {
      const denied = Object.assign(new Error('Access is restricted'), { code: 'ERR_ACCESS_DENIED' });
      assert.equal(
        Reflect.get(Object(toSaveError(denied, { path: '/file', published })), 'published'),
        published,
      );
    }
    const changed = Object.assign(new Error('changed'), { code: 'ERR_INDELIBLE_CHANGED', published: false });
    assert.equal(
      Reflect.get(Object(toSaveError(changed, { path: '/file', published: true })), 'published'),
      true,
    );
  });
});
