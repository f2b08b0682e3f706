import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { settingsText } from '../../../docs/see-it-work/settings-file.js';
import { describeRequest } from '../../lab/see/request-kind.js';
import { parseRequestLog } from '../../lab/see/request-log.js';
import { callsAbout, eventsOf } from '../../lab/see/saver-calls.js';
import { parseTimedCalls } from '../../lab/see/timed-calls.js';

const TRACE = `10 100.000001 openat(AT_FDCWD</x>, "/v/settings.json", O_RDONLY) = 3</v/settings.json> <0.000004>
10 100.000010 fsync(3</v/settings.json> <unfinished ...>
11 100.000015 write(1<pipe:[1]>, "{\\"event\\":\\"saving\\"}\\n", 19) = 19 <0.000002>
10 100.000110 <... fsync resumed>) = 0 <0.000099>
11 100.000120 renameat(5</v> <unfinished ...>
11 100.000130 <... renameat resumed>, "a", 5</v>, "settings.json") = -1 EXDEV (Invalid cross-device link) <0.000011>
12 100.000200 write(7</v/neighbour.db>, "neighbour neighbour"..., 512) = 512 <0.000003>
11 100.000210 write(8</t/a>, "abc"..., 15360) = 15360 <0.000003>
11 100.000220 write(8</v/a>, "abc"..., 15360) = 15360 <0.000003>
11 100.000230 --- SIGCHLD {si_signo=SIGCHLD} ---
11 100.000240 +++ exited with 0 +++
`;

describe('a log of strace', () => {
  it('gives each call with its beginning and its duration, whatever came between', () => {
    assert.deepEqual(
      parseTimedCalls(TRACE)
        .slice(0, 4)
        .map(({ thread, name, arguments: text, result, start, duration }) => [
          thread,
          name,
          text,
          result,
          start,
          duration,
        ]),
      [
        [10, 'openat', 'AT_FDCWD</x>, "/v/settings.json", O_RDONLY', '3</v/settings.json>', 100_000_001, 4],
        [10, 'fsync', '3</v/settings.json>', '0', 100_000_010, 99],
        [11, 'write', '1<pipe:[1]>, "{\\"event\\":\\"saving\\"}\\n", 19', '19', 100_000_015, 2],
        [
          11,
          'renameat',
          '5</v>, "a", 5</v>, "settings.json"',
          '-1 EXDEV (Invalid cross-device link)',
          100_000_120,
          11,
        ],
      ],
    );
  });

  it('has the events of the saving process', () => {
    assert.deepEqual(eventsOf(parseTimedCalls(TRACE)), [{ event: 'saving', at: 100_000_015 }]);
  });

  it('says which calls are about the file, whose they are, and what they put into the filesystem', () => {
    const calls = callsAbout(
      parseTimedCalls(TRACE),
      { volume: '/v', otherFilesystem: '/t' },
      { begin: 100_000_000, end: 200_000_000, mainThread: 11 },
    );
    assert.deepEqual(
      calls.map(({ by, thread, name, text, bytes }) => [by, thread, name, text, bytes]),
      [
        ['saver', 1, 'openat', 'AT_FDCWD, "settings.json", O_RDONLY', undefined],
        ['saver', 1, 'fsync', '3<settings.json>', undefined],
        ['saver', 0, 'renameat', '5<.>, "a", 5<.>, "settings.json"', undefined],
        ['neighbour', 0, 'write', '7<neighbour.db>, "…", 512', undefined],
        ['saver', 0, 'write', '8</tmp/a>, "…", 15360', undefined],
        ['saver', 0, 'write', '8<a>, "…", 15360', 15360],
      ],
    );
  });
});

describe('the log of a slow disk', () => {
  const entry = (start: number, end: number, offset: number, data = Buffer.alloc(0)) => {
    const header = Buffer.alloc(32);
    for (const [index, value] of [start, end, offset, data.length].entries())
      header.writeBigUInt64LE(BigInt(value), index * 8);
    return Buffer.concat([header, data]);
  };

  it('says which requests a flush covers: those that were complete when it began', () => {
    const log = Buffer.concat([
      entry(10, 11, 0, Buffer.from('first')),
      entry(13, 15, 512, Buffer.from('second')),
      entry(12, 20, 0),
    ]);
    const { requests } = parseRequestLog(log);
    assert.deepEqual(
      requests.map(({ flush, start, end, length, covers }) => [flush, start, end, length, covers]),
      [
        [false, 10, 11, 5, undefined],
        [false, 13, 15, 6, undefined],
        [true, 12, 20, 0, 1],
      ],
    );
    assert.equal(Buffer.from(requests[1]?.data ?? []).toString(), 'second');
  });

  it('is refused where it ends too early', () => {
    assert.throws(
      () => parseRequestLog(entry(1, 2, 0, Buffer.from('data')).subarray(0, 34)),
      /ends inside entry 0/,
    );
  });
});

describe('a request of the disk', () => {
  const request = (data: Buffer, offset = 4096) => ({
    flush: false,
    fua: false,
    discard: false,
    offset,
    length: data.length,
    data,
  });

  it('is recognised by the cells of the new version that are in it', () => {
    const text = Buffer.from(settingsText('new')).subarray(1024, 4096);
    assert.deepEqual(describeRequest(request(text), 'ext4'), { kind: 'data', cells: [2, 8] });
    assert.equal(describeRequest(request(Buffer.from(settingsText('old'))), 'ext4').kind, 'metadata');
  });

  it('is recognised as a commit of the journal, a record of the log, or a super block', () => {
    const block = (...words: number[]) => {
      const data = Buffer.alloc(4096);
      for (const [index, word] of words.entries()) data.writeUInt32BE(word, index * 4);
      return data;
    };
    assert.equal(describeRequest(request(block(0xc03b3998, 1)), 'ext4').kind, 'journal');
    assert.equal(describeRequest(request(block(0xc03b3998, 2)), 'ext4').kind, 'commit');
    assert.equal(describeRequest(request(block(0xfeedbabe)), 'xfs').kind, 'log');
    const superBlock = Buffer.alloc(4096);
    superBlock.write('_BHRfS_M', 64);
    assert.equal(describeRequest(request(superBlock, 65_536), 'btrfs').kind, 'superblock');
    assert.equal(describeRequest(request(Buffer.alloc(4096, 1)), 'btrfs').kind, 'tree');
    assert.equal(describeRequest({ ...request(Buffer.alloc(0)), flush: true }, 'btrfs').kind, 'flush');
  });
});
