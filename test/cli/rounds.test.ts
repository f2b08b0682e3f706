import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import { describe, it } from 'vitest';
import { measureInRounds, Subject } from '../../bench/measure/rounds.js';

const options = {
  seconds: 0.05,
  signal: new AbortController().signal,
  onTurn: () => {},
};

describe('measureInRounds', () => {
  it('gives every subject a turn in every round, in alternating order', async () => {
    const turns: string[] = [];
    const controller = new AbortController();
    const onTurn = (_: number, name: string) => {
      turns.push(name);
      if (turns.length === 9) controller.abort(new Error('enough'));
    };
    const subjects = ['a', 'b', 'c'].map((name) => new Subject(name, () => setTimeout(20), true));
    const measuring = measureInRounds(subjects, {
      ...options,
      seconds: 60,
      signal: controller.signal,
      onTurn,
    });
    await assert.rejects(measuring, /enough/);
    assert.equal(turns.join(''), 'abccbaabc');
  });

  it('finishes one round although the time is too short', async () => {
    const subjects = ['a', 'b'].map((name) => new Subject(name, () => {}, false));
    await measureInRounds(subjects, { ...options, seconds: Number.MIN_VALUE });
    assert.deepEqual(
      subjects.map(({ latencies }) => latencies.count),
      [1, 1],
    );
  });

  it('counts every run as a sample, and times until the promise settles', async () => {
    let runs = 0;
    const subject = new Subject(
      'slow',
      async () => {
        runs += 1;
        await setTimeout(5);
      },
      true,
    );
    await measureInRounds([subject], options);
    assert.equal(subject.latencies.count, runs);
    // A timer may fire up to a millisecond early.
    assert.ok(subject.latencies.min >= 4e6);
  });

  it('lets the event loop run even if every subject is synchronous', async () => {
    const controller = new AbortController();
    setTimeout(1).then(() => controller.abort(new Error('enough')));
    const subjects = ['a', 'b'].map((name) => new Subject(name, () => JSON.stringify(options), false));
    await assert.rejects(
      measureInRounds(subjects, { ...options, seconds: 60, signal: controller.signal }),
      /enough/,
    );
  });

  it('goes on until the wanted subject has its samples and rounds, with such subjects alone', async () => {
    const wanted = new Subject('wanted', () => setTimeout(2), true, 40);
    const other = new Subject('other', () => setTimeout(2), true);
    await measureInRounds([wanted, other], { ...options, seconds: Number.MIN_VALUE, longest: 3600 });
    assert.ok(wanted.latencies.count >= 40 && wanted.roundMedians.length >= 6);
    assert.equal(other.roundMedians.length, 1);
  });

  it('ends when the time is up, although samples are missing', async () => {
    const wanted = new Subject('wanted', () => setTimeout(5), true, 1e9);
    await measureInRounds([wanted], { ...options, longest: 0.1 });
    assert.ok(wanted.lacksSamples);
  });

  it('throws the error of a subject', async () => {
    const subject = new Subject('broken', () => Promise.reject(new Error('no such luck')), true);
    await assert.rejects(measureInRounds([subject], options), /no such luck/);
  });

  it('ends with the reason of the signal', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const subject = new Subject('aborts', () => controller.abort(reason), false);
    await assert.rejects(measureInRounds([subject], { ...options, signal: controller.signal }), reason);
  });
});
