import assert from 'node:assert/strict';
import fs from 'node:fs';
import { afterEach, describe, it, vi } from 'vitest';
import { absolutePath } from '../../src/base/path.js';
import { plainCalls } from '../../src/fs/plain/plain-calls.js';
import { rename, write } from '../../src/fs/plain/plain-fs.js';
import { run, runSync } from '../../src/fs/steps.js';
import { ScratchDirectory } from '../scratch-directory.js';

// As mock-fs, memfs and tests of their own do it: the functions of `fs` are replaced after this module is loaded.
afterEach(() => {
  vi.restoreAllMocks();
});

describe('the calls on plain fs', () => {
  it('use the functions that fs has at the call', async () => {
    const asynchronous = vi.spyOn(fs, 'rename').mockImplementation((_from, _to, callback) => callback(null));
    const synchronous = vi.spyOn(fs, 'renameSync').mockReturnValue(undefined);
    await run(rename(Buffer.from('/mocked/a'), Buffer.from('/mocked/b')));
    runSync(rename(Buffer.from('/mocked/a'), Buffer.from('/mocked/b')));
    assert.deepEqual(asynchronous.mock.calls[0]?.slice(0, 2), ['/mocked/a', '/mocked/b']);
    assert.deepEqual(synchronous.mock.calls, [['/mocked/a', '/mocked/b']]);
  });

  it('take the number of written bytes from a write that is not made for util.promisify', async () => {
    const short = (...given: unknown[]): void => {
      const callback = given.at(-1);
      if (typeof callback === 'function') callback(null, 2);
    };
    vi.spyOn(fs, 'write').mockImplementation(short as typeof fs.write);
    assert.equal(await run(write(7, Buffer.from('abc'), 0, 3)), 2);
  });
});

describe('a read that asks the server', () => {
  const scratch = new ScratchDirectory();
  const open = () => {
    const path = absolutePath(scratch.at('file'), 'path');
    const directory = runSync(plainCalls.openDirectory(Buffer.from(scratch.path)));
    try {
      return runSync(
        plainCalls.openFile(directory, Buffer.from('file'), { path, anyOwner: true, asksServer: true }),
      );
    } finally {
      runSync(plainCalls.closeAll([directory]));
    }
  };

  const changes: readonly [string, (path: string) => void][] = [
    ['longer', (path) => fs.appendFileSync(path, ', and more')],
    ['another of the same length', (path) => fs.utimesSync(path, 0, 0)],
  ];

  it.each(changes)('is refused when the file is %s afterwards', (_, change) => {
    fs.writeFileSync(scratch.at('file'), 'before');
    const { readSync } = fs;
    vi.spyOn(fs, 'readSync').mockImplementationOnce(((...given: Parameters<typeof readSync>) => {
      const read = readSync(...given);
      change(scratch.at('file'));
      return read;
    }) as typeof readSync);
    assert.throws(open, { code: 'ERR_INDELIBLE_CHANGED', path: scratch.at('file') });
  });

  it('has the content of a file that nothing changed', () => {
    fs.writeFileSync(scratch.at('file'), 'before');
    assert.equal(String(open().content), 'before');
  });
});
