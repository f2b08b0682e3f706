import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { findingsOf } from '../../../bench/measure/findings.js';
import type { Finding } from '../../../bench/measure/report.js';
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

describe('the finding on flushes', () => {
  const flushOf = (device: Parameters<typeof disk>[0], median: number, flushes: number | null = 1) =>
    findingAbout(
      'flush',
      runOf([], {
        filesystem: filesystemOn(disk(device)),
        baseline: [{ ...resultNamed('fdatasync', median), flushes }],
      }),
    );

  it('does not believe a rotating disk that flushes in 0.1 ms, by a rule of thumb', () => {
    const { says, heuristic, text } = flushOf({ rotational: true }, 100);
    assert.deepEqual({ says, heuristic }, { says: 'bad', heuristic: true });
    assert.match(text, /100 us/);
  });

  it('believes a rotating disk that takes its time', () => {
    assert.equal(flushOf({ rotational: true }, 9000).says, 'good');
  });

  it('does not judge by rotation a disk that a hypervisor makes up', () => {
    assert.equal(flushOf({ rotational: true, virtual: true }, 100).says, 'neutral');
  });

  it('says when the kernel sends none', () => {
    const { says, text } = flushOf({ writeCache: 'write through' }, 100, 0);
    assert.equal(says, 'bad');
    assert.match(text, /0 flushes .* no cache that loses writes/);
  });

  it('sees the disk behind a loop device', () => {
    const backing = { path: '/image', filesystem: 'ext4', device: disk({ rotational: true }) };
    assert.equal(flushOf({ kind: 'loop', backing }, 100).says, 'bad');
  });
});

describe("the finding by etcd's rule", () => {
  it('is about the 99th percentile of fdatasync and 10 ms', () => {
    const says = (median: number) =>
      findingAbout('etcd', runOf([], { baseline: [resultNamed('fdatasync', median)] })).says;
    assert.deepEqual([says(4999), says(5000)], ['good', 'bad']);
  });
});

describe('the finding on durability', () => {
  const ordered = (rounds: number[]) =>
    contenderNamed('save, ordered', 10, 'ordered', {
      package: 'indelible',
      ...resultNamed('save, ordered', 10, rounds),
    });
  const rounds = [100, 110, 90, 100, 120, 80];

  it('names the ratio with its interval where that is clear', () => {
    const { text } = findingAbout(
      'durability',
      runOf([durable(100, rounds), ordered(rounds.map((one) => one / 10))]),
    );
    assert.match(text, /takes 0.100 of the time \(95 % sure: 0.100 to 0.100\) of 'save, durable'/);
  });

  it('names no winner where the noise is larger than the difference', () => {
    const noisy = rounds.map((one, index) => (index % 2 === 0 ? one * 2 : one / 2));
    const { text } = findingAbout('durability', runOf([durable(100, rounds), ordered(noisy)]));
    assert.match(text, /cannot be told apart/);
  });

  it('names no winner after too few rounds', () => {
    const { text } = findingAbout('durability', runOf([durable(100, [100]), ordered([10])]));
    assert.match(text, /too few rounds to be sure/);
  });

  it('says where ordered promises nothing', () => {
    const filesystem = filesystemOn(undefined);
    filesystem.protocol.ordered.achieves = 'none';
    const { text } = findingAbout('durability', runOf([durable(100), ordered([10])], { filesystem }));
    assert.match(text, /promises nothing on this filesystem/);
  });
});

describe('the finding on concurrency', () => {
  const steps = (rates: [number, number][]) =>
    rates.map(([atOnce, perSecond]) => ({
      atOnce,
      results: [{ ...resultNamed('save, durable', 1), perSecond }],
    }));

  it('names the smallest number that comes close to the highest rate', () => {
    const byConcurrency = steps([
      [1, 100],
      [8, 700],
      [64, 3000],
      [256, 3100],
    ]);
    const { text } = findingAbout('concurrency', runOf([durable(100)], { byConcurrency }));
    assert.match(text, /^64 saves at once come to 3000 a second, 30.0 times/);
  });

  it('says when it brings nothing', () => {
    const byConcurrency = steps([
      [1, 100],
      [8, 90],
      [64, 95],
    ]);
    const { text } = findingAbout('concurrency', runOf([durable(100)], { byConcurrency }));
    assert.match(text, /brings nothing/);
  });
});

describe('the finding on the place', () => {
  for (const code of ['network', 'fuse', 'memory'] as const) {
    it(`says what the times mean on ${code}`, () => {
      const filesystem = filesystemOn(undefined);
      filesystem.warnings.push({ code, message: '' });
      assert.equal(findingAbout('place', runOf([], { filesystem })).says, 'bad');
    });
  }

  it('judges no disk in memory', () => {
    const filesystem = filesystemOn(undefined);
    filesystem.warnings.push({ code: 'memory', message: '' });
    assert.deepEqual(
      findingsOf(runOf([], { filesystem })).map(({ about }) => about),
      ['place'],
    );
  });
});
