import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { descriptorPath, parseStraceLog, wasInjected } from '../faults/strace-log.js';

describe('a log of strace', () => {
  it('gives the calls with their threads', () => {
    const log = '70  openat(AT_FDCWD</>, "/a", O_RDONLY) = 3</a>\n71  close(3</a>) = 0\n';
    assert.deepEqual(parseStraceLog(log), [
      { thread: 70, name: 'openat', arguments: 'AT_FDCWD</>, "/a", O_RDONLY', result: '3</a>' },
      { thread: 71, name: 'close', arguments: '3</a>', result: '0' },
    ]);
  });

  it('gives calls without a thread where only one is traced', () => {
    assert.deepEqual(parseStraceLog('fsync(3</a>)                = 0\n'), [
      { thread: 0, name: 'fsync', arguments: '3</a>', result: '0' },
    ]);
  });

  it('joins a call that was interrupted by those of other threads, where it ended', () => {
    const log = [
      '70  fsync(3</a> <unfinished ...>',
      '71  write(4</b>, "x", 1) = 1',
      '70  <... fsync resumed>)            = -1 EIO (Input/output error) (INJECTED)',
    ].join('\n');
    assert.deepEqual(
      parseStraceLog(log).map(({ thread, name }) => [thread, name]),
      [
        [71, 'write'],
        [70, 'fsync'],
      ],
    );
    assert.deepEqual(parseStraceLog(log).map(wasInjected), [false, true]);
  });

  it('leaves out what is not a finished call', () => {
    const log =
      '70  --- SIGCHLD {si_signo=SIGCHLD} ---\n70  +++ exited with 0 +++\n71  fsync(3</a> <unfinished ...>\n';
    assert.deepEqual(parseStraceLog(log), []);
  });

  it("names the path of a call's descriptor", () => {
    const [call] = parseStraceLog('fsync(3</a b/c>) = 0');
    assert.ok(call !== undefined);
    assert.equal(descriptorPath(call), '/a b/c');
  });
});
