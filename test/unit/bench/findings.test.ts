import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { findingsOf } from '../../../bench/measure/findings.js';
import type { Finding, Result } from '../../../bench/measure/report.js';
import { contenderNamed, disk, filesystemOn, resultNamed, runOf } from './measured.js';

function findingAbout(about: Finding['about'], run: Parameters<typeof findingsOf>[0]): Finding {
  const found = findingsOf(run).find((finding) => finding.about === about);
  assert.ok(found !== undefined, about);
  return found;
}

const durable = (median: number, rounds?: number[]) =>
  contenderNamed('save, durable', median, 'durable', {
    package: 'indelible',
    ...resultNamed('save, durable', median, rounds),
  });

describe('the finding about flushes', () => {
  const flushOf = (device: Parameters<typeof disk>[0], median: number, flushes: number | null = 1) =>
    findingAbout(
      'flush',
      runOf([], {
        filesystem: filesystemOn(disk(device)),
        baseline: [{ ...resultNamed('fdatasync', median), flushes }],
      }),
    );

  it('says by a rule of thumb that a rotating disk cannot flush in 0.1 ms', () => {
    const { says, heuristic, text } = flushOf({ rotational: true }, 100);
    assert.deepEqual({ says, heuristic }, { says: 'bad', heuristic: true });
    assert.match(text, /100 us/);
  });

  it('accepts a rotating disk that flushes in 9 ms', () => {
    assert.equal(flushOf({ rotational: true }, 9000).says, 'good');
  });

  it('says that a disk in memory keeps nothing', () => {
    const filesystem = {
      ...filesystemOn(disk({})),
      warnings: [{ code: 'memory-device' as const, message: '' }],
    };
    const { text } = findingAbout('flush', runOf([], { filesystem }));
    assert.match(text, /The disk is in memory: nothing on it survives a power failure/);
  });

  it('does not apply the rule for rotating disks to a virtual disk', () => {
    assert.equal(flushOf({ rotational: true, virtual: true }, 100).says, 'neutral');
  });

  it('is withheld with fewer than 10 samples', () => {
    const run = runOf([], {
      filesystem: filesystemOn(disk({ rotational: true })),
      baseline: [{ ...resultNamed('fdatasync', 100), samples: 9 }],
    });
    assert.match(findingAbout('flush', run).text, /^The time of a flush: withheld, with n = 9, /);
  });

  it('says that the kernel sends no flushes', () => {
    const { says, text } = flushOf({ writeCache: 'write through' }, 100, 0);
    assert.equal(says, 'bad');
    assert.match(text, /0 flushes .* no cache that loses writes/);
  });

  it('applies to the disk behind a loop device', () => {
    const backing = { path: '/image', filesystem: 'ext4', device: disk({ rotational: true }) };
    assert.equal(flushOf({ kind: 'loop', backing }, 100).says, 'bad');
  });
});

describe("the finding about etcd's rule", () => {
  const appended = (result: Result) => ({ appends: [{ ...result, bytes: 2300, atOnce: 1 }] });

  it('compares the 99th percentile of its own appends with 10 ms', () => {
    const says = (median: number) =>
      findingAbout('etcd', runOf([], appended(resultNamed('etcd, 2300 B', median)))).says;
    assert.deepEqual([says(4999), says(5000)], ['good', 'bad']);
  });

  it('is withheld with fewer than 100 samples', () => {
    const few = resultNamed('etcd, 2300 B', 100);
    const reference = { ...few, samples: 99, microseconds: { ...few.microseconds, p99: null } };
    const { says, text } = findingAbout('etcd', runOf([], appended(reference)));
    assert.equal(says, 'neutral');
    assert.match(text, /^Good enough for etcd\?: withheld, with n = 99, and it takes 100\./);
  });
});

describe('the finding about durability', () => {
  const ordered = (rounds: number[]) =>
    contenderNamed('save, ordered', 10, 'ordered', {
      package: 'indelible',
      ...resultNamed('save, ordered', 10, rounds),
    });
  const rounds = [100, 110, 90, 100, 120, 80];

  it('gives the ratio with its confidence interval', () => {
    const { text } = findingAbout(
      'durability',
      runOf([durable(100, rounds), ordered(rounds.map((one) => one / 10))]),
    );
    assert.match(
      text,
      /'save, ordered' takes 0.100 times as long as 'save, durable' \(95 % sure: 0.100 to 0.100\)/,
    );
  });

  it('names no winner if the noise is larger than the difference', () => {
    const noisy = rounds.map((one, index) => (index % 2 === 0 ? one * 2 : one / 2));
    const { text } = findingAbout('durability', runOf([durable(100, rounds), ordered(noisy)]));
    assert.match(text, /cannot be told apart/);
  });

  it('is withheld after too few rounds', () => {
    const { text } = findingAbout('durability', runOf([durable(100, [100]), ordered([10])]));
    assert.match(text, /^'save, ordered' beside 'save, durable': withheld, with 1 round, and it takes 6\./);
  });

  it('says that ordered promises nothing on this filesystem', () => {
    const filesystem = filesystemOn(undefined);
    filesystem.protocol.ordered.achieves = 'none';
    const { text } = findingAbout(
      'durability',
      runOf([durable(100, rounds), ordered(rounds)], { filesystem }),
    );
    assert.match(text, /promises nothing on this filesystem/);
  });
});

describe('the finding about the rate', () => {
  it('gives the time within which 99 % of saves finish', () => {
    const { text } = findingAbout('rate', runOf([durable(1000)]));
    assert.match(
      text,
      /^1000 durable saves of 4 KiB a second, one after the other\. 99 % of saves finish within 2.00 ms \(n = 1,000\)\.$/,
    );
  });

  it('has no p99 of too few samples, and says why', () => {
    const few = durable(1000);
    const result = { ...few, samples: 37, microseconds: { ...few.microseconds, p99: null } };
    const { text } = findingAbout('rate', runOf([result]));
    assert.match(
      text,
      /one after the other\. The p99: withheld, with n = 37, and it takes 100\. More --seconds/,
    );
  });
});

describe('the answer', () => {
  const six = (value: number) => Array<number>(6).fill(value);
  const unsynced = contenderNamed('fs.writeFile', 20, 'none', resultNamed('fs.writeFile', 20, six(20)));
  const textbook = contenderNamed(
    'textbook, async',
    200,
    'durable',
    resultNamed('textbook, async', 200, six(200)),
  );

  it('comes before the other findings, and after what limits its worth', () => {
    const filesystem = filesystemOn(disk({}));
    filesystem.warnings.push({ code: 'network', message: '' });
    const run = runOf([durable(100, six(100)), unsynced, textbook], { filesystem });
    assert.deepEqual(
      findingsOf(run).map(({ about }) => about),
      ['place', 'rate', 'unsynced', 'textbook', 'flush', 'noise'],
    );
  });

  it('has the highest rate of durable saves that rests on enough rounds', () => {
    const at = (atOnce: number, perSecond: number, rounds: number) => {
      const result = resultNamed('save, durable', 1, Array<number>(rounds).fill(1));
      const interval: [number, number] | null = rounds < 6 ? null : [1, 1];
      const microseconds = { ...result.microseconds, interval };
      return { atOnce, results: [{ ...result, perSecond, microseconds }] };
    };
    const byConcurrency = [at(8, 700, 6), at(64, 3000, 6), at(256, 9000, 5)];
    const { text } = findingAbout('rate', runOf([durable(10_000, six(10_000))], { byConcurrency }));
    assert.match(text, /^100 durable saves .* one after the other; at most 3000, with 64 at once\. /);
  });

  it('says what a durable save costs beside not syncing and beside the textbook recipe', () => {
    const run = runOf([durable(100, six(100)), unsynced, textbook]);
    assert.match(
      findingAbout('unsynced', run).text,
      /^Beside not syncing: 'save, durable' takes 5\.00 times as long as 'fs\.writeFile' \(95 % sure: /,
    );
    assert.match(
      findingAbout('textbook', run).text,
      /^Beside the textbook recipe: 'save, durable' takes 0\.500 times as long as 'textbook, async' /,
    );
  });
});

describe('the finding about competitors', () => {
  it('compares with the fastest implementation of another package that promises durability', () => {
    const competitors = [
      contenderNamed('slow', 300, 'durable'),
      contenderNamed('fast', 200, 'durable', resultNamed('fast', 200, Array(6).fill(200))),
      contenderNamed('weak', 1, 'none'),
    ];
    const { text } = findingAbout('competitor', runOf([durable(100, Array(6).fill(100)), ...competitors]));
    assert.match(text, /'save, durable' takes 0.500 times as long as 'fast'/);
  });
});

describe('the finding about concurrency', () => {
  const points = (rates: [number, number][]) =>
    rates.map(([atOnce, perSecond]) => ({
      atOnce,
      results: [{ ...resultNamed('save, durable', 1, Array(6).fill(1)), perSecond }],
    }));

  it('names the smallest number that is close to the highest rate', () => {
    const byConcurrency = points([
      [1, 100],
      [8, 700],
      [64, 3000],
      [256, 3100],
    ]);
    const { text } = findingAbout('concurrency', runOf([durable(100)], { byConcurrency }));
    assert.match(text, /^64 saves at once: 3000 saves a second, 30.0 times .*; no further gain beyond 64\.$/);
  });

  it('says that no larger number was measured', () => {
    const byConcurrency = points([
      [1, 100],
      [64, 3000],
    ]);
    const { text } = findingAbout('concurrency', runOf([durable(100)], { byConcurrency }));
    assert.match(text, /; no larger number was measured\.$/);
  });

  it('says that concurrent saves are no gain', () => {
    const byConcurrency = points([
      [1, 100],
      [8, 90],
      [64, 95],
    ]);
    const { text } = findingAbout('concurrency', runOf([durable(100)], { byConcurrency }));
    assert.match(text, /are no gain/);
  });

  it('compares with single saves where 1 at once was not measured', () => {
    const byConcurrency = points([[64, 3000]]);
    const { text } = findingAbout(
      'concurrency',
      runOf([durable(10_000, Array(6).fill(10_000))], { byConcurrency }),
    );
    assert.match(text, /^64 saves at once: 3000 saves a second, 30.0 times /);
  });
});

describe('the finding about the filesystem', () => {
  for (const code of ['network', 'fuse', 'memory'] as const) {
    it(`says what the times mean on ${code === 'memory' ? 'a filesystem in memory' : `a ${code} filesystem`}`, () => {
      const filesystem = filesystemOn(undefined);
      filesystem.warnings.push({ code, message: '' });
      assert.equal(findingAbout('place', runOf([], { filesystem })).says, 'bad');
    });
  }

  it('says nothing about a disk in memory', () => {
    const filesystem = filesystemOn(undefined);
    filesystem.warnings.push({ code: 'memory', message: '' });
    assert.deepEqual(
      findingsOf(runOf([], { filesystem })).map(({ about }) => about),
      ['place', 'noise'],
    );
  });
});
