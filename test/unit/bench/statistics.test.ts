/** What the statistics of the benchmark promise, on simulated disks whose true values are known. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { FEWEST_ROUNDS, median, medianInterval, ratios } from '../../../bench/measure/confidence.js';
import { LogHistogram, stepStart } from '../../../bench/measure/log-histogram.js';
import { percentilesOf, resultOf, SAMPLES_NEEDED } from '../../../bench/measure/report.js';
import { Subject } from '../../../bench/measure/rounds.js';

/** Uniform numbers from 0 to 1, the same for the same seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Latencies in nanoseconds whose quantiles are known. */
const DISKS: Readonly<Record<string, (quantile: number) => number>> = {
  'a disk whose flushes take between 1 and 9 ms alike': (quantile) => 1e6 + 8e6 * quantile,
  'a disk with an exponential queue': (quantile) => 1e5 - 1e6 * Math.log(1 - quantile),
  'a disk with a heavy tail': (quantile) => 1e5 / (1 - quantile) ** 0.7,
  'a disk with a fast cache that is full one time in five': (quantile) =>
    quantile < 0.8 ? 1e5 * (1 + quantile) : 2e7 * quantile,
};

describe('the interval of a median', () => {
  for (const [disk, quantile] of Object.entries(DISKS)) {
    for (const rounds of [6, 9, 20, 55]) {
      it(`contains the true one in at least 95 % of ${rounds} rounds on ${disk}`, () => {
        const random = randomOf(rounds);
        const trials = 4000;
        let hits = 0;
        for (let trial = 0; trial < trials; trial += 1) {
          const interval = medianInterval(Array.from({ length: rounds }, () => quantile(random())));
          assert.ok(interval !== undefined);
          if (interval[0] <= quantile(0.5) && quantile(0.5) <= interval[1]) hits += 1;
        }
        // Four standard deviations of 95 % in so many trials.
        assert.ok(hits / trials >= 0.95 - 4 * Math.sqrt((0.95 * 0.05) / trials), `${hits} of ${trials}`);
        // It is not much wider than it must be.
        assert.ok(hits / trials < 0.985, `${hits} of ${trials}`);
      });
    }
  }

  it('contains the true ratio of two disks that a busy machine slows down alike', () => {
    const random = randomOf(7);
    const trials = 2000;
    let hits = 0;
    for (let trial = 0; trial < trials; trial += 1) {
      const slow = Array.from({ length: 12 }, () => 1 + 9 * random());
      const times = (factor: number) => slow.map((one) => factor * one * (0.9 + 0.2 * random()));
      const interval = medianInterval(ratios(times(3), times(1)));
      assert.ok(interval !== undefined);
      if (interval[0] <= 3 && 3 <= interval[1]) hits += 1;
    }
    assert.ok(hits / trials >= 0.95 - 4 * Math.sqrt((0.95 * 0.05) / trials), `${hits} of ${trials}`);
  });

  it('scales with the unit, and is there from six values on', () => {
    const values = fc.array(fc.double({ min: 1, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(values, fc.integer({ min: -20, max: 20 }), (found, power) => {
        const interval = medianInterval(found);
        assert.equal(interval === undefined, found.length < FEWEST_ROUNDS);
        // A power of two changes no digit.
        const scaled = medianInterval(found.map((value) => value * 2 ** power));
        assert.deepEqual(
          scaled,
          interval?.map((value) => value * 2 ** power),
        );
      }),
    );
  });
});

/** A subject as if it had been measured in rounds of these latencies, in nanoseconds. */
function measured(rounds: readonly (readonly number[])[]): Subject {
  const subject = new Subject('x', () => {}, false);
  for (const round of rounds) {
    for (const sample of round) {
      subject.latencies.record(Math.max(1, Math.round(sample)));
      subject.histogram.record(sample / 1000);
    }
    subject.roundMedians.push(median(round));
  }
  return subject;
}

describe('the percentiles of a result', () => {
  for (const [disk, quantile] of Object.entries(DISKS)) {
    it(`are those of ${disk}`, () => {
      // Evenly spaced quantiles leave no chance to chance.
      const samples = Array.from({ length: 20_000 }, (_, index) => quantile((index + 0.5) / 20_000));
      const { p90, p99, p999 } = percentilesOf(measured([samples]).latencies);
      for (const [found, at] of [
        [p90, 0.9],
        [p99, 0.99],
        [p999, 0.999],
      ] as const) {
        // Between the samples on either side, to the three digits of the histogram.
        const [low, high] = [quantile(at - 1e-4) / 1000, quantile(at + 1e-4) / 1000];
        assert.ok(found !== null && found >= 0.998 * low && found <= 1.002 * high, `${at}: ${found}`);
      }
    });
  }

  const samplesOf = fc.array(fc.integer({ min: 1, max: 1e10 }), { minLength: 1, maxLength: 1500 });

  it('are there exactly where there are enough samples, and rise', () => {
    fc.assert(
      fc.property(samplesOf, (samples) => {
        const { latencies } = measured([samples]);
        const { minimum, p90, p99, p999, maximum } = percentilesOf(latencies);
        for (const [found, needed] of [
          [p90, SAMPLES_NEEDED.p90],
          [p99, SAMPLES_NEEDED.p99],
          [p999, SAMPLES_NEEDED.p999],
        ] as const) {
          assert.equal(found === null, samples.length < needed);
        }
        const rising = [minimum, p90, p99, p999, maximum].filter((one) => one !== null);
        assert.deepEqual(
          rising,
          rising.toSorted((a, b) => a - b),
        );
      }),
    );
  });

  it('have a median within its interval, however unlike the rounds are', () => {
    const rounds = fc.array(fc.array(fc.integer({ min: 1, max: 1e9 }), { minLength: 1, maxLength: 40 }), {
      minLength: FEWEST_ROUNDS,
      maxLength: 30,
    });
    fc.assert(
      fc.property(rounds, (found) => {
        const { interval, median: middle } = resultOf(measured(found), '').microseconds;
        assert.ok(interval !== null && interval[0] <= middle && middle <= interval[1]);
      }),
    );
  });
});

describe('a histogram in logarithmic steps', () => {
  it('counts every positive value once, in the step that contains it', () => {
    const values = fc.array(fc.double({ min: 1e-3, max: 1e9, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(values, (found) => {
        const histogram = new LogHistogram();
        for (const value of found) histogram.record(value);
        const steps = histogram.steps();
        assert.ok(steps !== undefined);
        const { first, counts } = steps;
        assert.equal(
          counts.reduce((sum, one) => sum + one, 0),
          found.length,
        );
        // The last digit of a power may be off.
        assert.ok(stepStart(first) <= Math.min(...found) * (1 + 1e-12));
        assert.ok(stepStart(first + counts.length) >= Math.max(...found) * (1 - 1e-12));
        assert.ok((counts[0] ?? 0) > 0 && (counts.at(-1) ?? 0) > 0);
      }),
    );
  });

  it('has no steps without values', () => {
    const histogram = new LogHistogram();
    histogram.record(0);
    assert.equal(histogram.steps(), undefined);
  });
});
