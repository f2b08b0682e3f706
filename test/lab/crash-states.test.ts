import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import type { BlockRequest } from './block-log.js';
import {
  chooseStates,
  everyState,
  formatState,
  type Pending,
  parseState,
  survivingParts,
  type Untorn,
} from './crash-states.js';

const SECTOR = 512;
const NOTHING_UNTORN: Untorn = { superBlock: -1 };

function write(sector: number, sectors = 1, fua = false): BlockRequest {
  const length = sectors * SECTOR;
  return { flush: false, fua, discard: false, offset: sector * SECTOR, length, data: new Uint8Array(length) };
}
const FLUSH: BlockRequest = { ...write(0, 0), flush: true };

/** The sectors that survive, of the requests after the last flush. */
function survivors(
  requests: BlockRequest[],
  position: number,
  pending: Pending,
  seed = 1,
  untorn: Untorn = NOTHING_UNTORN,
) {
  const log = { requests, sectorSize: SECTOR };
  return survivingParts(log, { position, pending, seed }, untorn).flatMap(({ request, from, to }) =>
    Array.from({ length: (to - from) / SECTOR }, (_, index) => (request.offset + from) / SECTOR + index),
  );
}
const seeds = Array.from({ length: 1000 }, (_, seed) => seed);

describe('a crash state', () => {
  it('keeps everything that completed before the last flush', () => {
    const requests = [write(1), FLUSH, write(2), write(3), FLUSH, write(4)];
    assert.deepEqual(survivors(requests, 4, 'all'), [2, 3]);
    assert.deepEqual(survivors(requests, 4, 'none'), []);
    assert.deepEqual(survivors(requests, 5, 'all'), []);
  });

  it('treats what completed during the last flush as pending, where that is known', () => {
    const requests = [write(1), write(2), { ...FLUSH, covers: 1 }, write(3)];
    assert.deepEqual(survivors(requests, 4, 'all'), [2, 3]);
    assert.deepEqual(survivors(requests, 3, 'none'), []);
  });

  it('always keeps a request with forced unit access', () => {
    const requests = [write(1), write(2, 1, true), write(3)];
    assert.deepEqual(survivors(requests, 3, 'none'), [2]);
    for (const seed of seeds) assert.ok(survivors(requests, 3, 'torn', seed).includes(2));
  });

  it('keeps every combination of pending requests with some seed', () => {
    const kept = seeds.map((seed) => survivors([write(1), write(2)], 2, 'some', seed).join());
    assert.deepEqual([...new Set(kept)].sort(), ['', '1', '1,2', '2']);
  });

  it('tears a request at any of its sectors', () => {
    const kept = seeds.map((seed) => survivors([write(1, 3)], 1, 'torn', seed).join());
    for (const part of ['1', '2', '3', '1,2', '1,3', '2,3']) assert.ok(kept.includes(part), part);
  });

  it('does not tear the super block', () => {
    const kept = seeds.map(
      (seed) => survivors([write(8, 8)], 1, 'torn', seed, { superBlock: 10 * SECTOR }).length,
    );
    assert.deepEqual([...new Set(kept)].sort(), [0, 8]);
  });

  it('does not tear the units that the filesystem relies on, as they are aligned on the disk', () => {
    const unit = 2 * SECTOR;
    const kept = seeds.map((seed) =>
      survivors([write(1, 4)], 1, 'torn', seed, { superBlock: -1, unit }).join(),
    );
    assert.deepEqual([...new Set(kept)].sort(), ['', '1', '1,2,3', '1,2,3,4', '1,4', '2,3', '2,3,4', '4']);
  });

  it('is the same for the same seed', () => {
    const requests = Array.from({ length: 100 }, (_, sector) => write(sector, 4));
    assert.deepEqual(survivors(requests, 100, 'torn', 7), survivors(requests, 100, 'torn', 7));
  });

  it('keeps exactly the requests of a subset, and those with forced unit access', () => {
    const requests = [write(1), FLUSH, write(2), write(3, 1, true), write(4), write(5)];
    const kept = [0, 1, 2, 3, 4, 5, 6, 7].map((seed) => survivors(requests, 6, 'subset', seed).join());
    assert.deepEqual(kept, ['3', '2,3', '3,4', '2,3,4', '3,5', '2,3,5', '3,4,5', '2,3,4,5']);
  });

  it.each(['torn', 'subset'] as const)('is the same after it was printed and parsed: %s', (pending) => {
    const state = { position: 12, pending, seed: 99 } as const;
    assert.deepEqual(parseState(formatState(state)), state);
    for (const wrong of ['', '12:torn', '12:maybe:99', 'x:all:1', '12:torn:99:1']) {
      assert.throws(() => parseState(wrong), /not a crash state/);
    }
  });
});

describe('the systematic choice of crash states', () => {
  // 0 to 3 pending requests, twice.
  const requests = [write(1), write(2), write(3), FLUSH, write(4), write(5), write(6), FLUSH];

  it('has every prefix with every subset of its pending requests', () => {
    const { states, prefixes, exhaustive } = everyState(requests, { begin: 0, end: 8 }, 3);
    assert.deepEqual([prefixes, exhaustive], [9, 9]);
    const kept = states.map(({ position, pending, seed }) =>
      [position, ...survivors(requests, position, pending, seed)].join(),
    );
    assert.equal(new Set(kept).size, kept.length);
    assert.deepEqual(kept.filter((state) => state.startsWith('2')).sort(), ['2', '2,1', '2,1,2', '2,2']);
    assert.equal(kept.length, 2 * (1 + 2 + 4 + 8) + 1);
  });

  it('has the two ends of a prefix with more pending requests, and does not count it as exhaustive', () => {
    const { states, prefixes, exhaustive } = everyState(requests, { begin: 3, end: 5 }, 2);
    assert.deepEqual([prefixes, exhaustive], [3, 2]);
    assert.deepEqual(
      states.map(({ position, pending }) => `${position} ${pending}`),
      ['3 all', '3 none', '4 subset', '5 subset', '5 subset'],
    );
  });
});

describe('the choice of crash states', () => {
  const requests = Array.from({ length: 60 }, (_, index) => (index % 6 === 5 ? FLUSH : write(index)));

  it('has every prefix, with all pending requests and with none, when there are enough', () => {
    const states = chooseStates(requests, { begin: 10, end: 60 }, 200, 1);
    assert.equal(states.length, 200);
    for (let position = 10; position <= 60; position++) {
      const here = states.filter((state) => state.position === position).map(({ pending }) => pending);
      assert.ok(here.includes('all'));
      // Immediately after a flush nothing is pending.
      assert.equal(here.includes('none'), requests[position - 1] !== FLUSH);
    }
  });

  it('is spread over the whole range when there are few', () => {
    const positions = chooseStates(requests, { begin: 10, end: 60 }, 10, 1).map(({ position }) => position);
    assert.ok(positions.every((position) => position >= 10 && position <= 60));
    for (const from of [10, 20, 30, 40, 50]) {
      assert.ok(positions.some((position) => position >= from && position <= from + 10));
    }
  });

  it('does not tear the units that the filesystem relies on, as they are aligned on the disk', () => {
    const unit = 2 * SECTOR;
    const kept = seeds.map((seed) =>
      survivors([write(1, 4)], 1, 'torn', seed, { superBlock: -1, unit }).join(),
    );
    assert.deepEqual([...new Set(kept)].sort(), ['', '1', '1,2,3', '1,2,3,4', '1,4', '2,3', '2,3,4', '4']);
  });

  it('is the same for the same seed', () => {
    const choose = () => chooseStates(requests, { begin: 0, end: 60 }, 40, 5);
    assert.deepEqual(choose(), choose());
  });
});
