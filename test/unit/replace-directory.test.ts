import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { loadAddon } from '../../src/addon/addon.js';
import { failedCall } from '../../src/base/fs-error.js';
import type { FileSystemCalls } from '../../src/fs/file-system-calls.js';
import { NativeCalls } from '../../src/fs/native-calls.js';
import { runSync } from '../../src/fs/steps.js';
import { replaceDirectory } from '../../src/names/replace-directory.js';
import { nativeUnavailable } from '../engines.js';
import { ScratchDirectory } from '../scratch-directory.js';

const scratch = new ScratchDirectory();

/** The addon's calls. The filesystem supports only the first exchange. */
function exchangingOnce(): FileSystemCalls {
  const addon = loadAddon();
  const calls = new NativeCalls(addon);
  let exchanges = 0;
  const exchange: FileSystemCalls['exchange'] = (...names) => {
    exchanges += 1;
    if (exchanges > 1) throw failedCall('EINVAL', 'rename');
    return calls.exchange(...names);
  };
  return new Proxy<FileSystemCalls>(calls, {
    get(_, key) {
      if (key === 'exchange') return exchange;
      const value: unknown = Reflect.get(calls, key);
      return typeof value === 'function' ? value.bind(calls) : value;
    },
  });
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
  },
);
