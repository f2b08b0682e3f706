import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdirSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, it, vi } from 'vitest';
import { FLAG, WIRE } from '../../src/addon/wire.js';
import { StageTimer } from '../../src/base/stage-timer.js';
import { selectEngine } from '../../src/engine/select.js';
import { STEPS } from '../../src/filesystem/protocols.js';
import {
  createSaveStream,
  type Durability,
  inspect,
  type SaveEnded,
  type SaveFailed,
  Saver,
  type SaveStarted,
  type SaveTimes,
  save,
  saveAll,
  saveAllSync,
  saveSync,
  update,
  updateSync,
} from '../../src/index.js';
import { isInMemory } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { engineUnderTest, hasMachineLock } from './engine-under-test.js';
import { forms } from './forms.js';

const scratch = new ScratchDirectory();
const file = () => scratch.at('file');

type Received =
  | { event: 'start'; message: SaveStarted }
  | { event: 'end'; message: SaveEnded }
  | { event: 'error'; message: SaveFailed };

let received: Received[] = [];

const listeners = (['start', 'end', 'error'] as const).map((event) => ({
  channel: `indelible:save:${event}`,
  listener: (message: unknown) => void received.push({ event, message } as Received),
}));

function listen(): void {
  for (const { channel, listener } of listeners) subscribe(channel, listener);
}

function stopListening(): void {
  for (const { channel, listener } of listeners) unsubscribe(channel, listener);
}

beforeEach(() => {
  received = [];
});

afterEach(stopListening);

const events = () => received.map(({ event }) => event);
const ends = () => received.flatMap((one) => (one.event === 'end' ? [one.message] : []));
const failures = () => received.flatMap((one) => (one.event === 'error' ? [one.message] : []));

function assertPlausible(times: SaveTimes | undefined): SaveTimes {
  assert.ok(times !== undefined);
  const { total, ...stages } = times;
  const spent = Object.values(stages).reduce((sum, time) => sum + time, 0);
  assert.ok(Object.values(times).every((time) => Number.isFinite(time) && time >= 0));
  assert.ok(spent > 0 && spent <= total, `${spent} of ${total} ns`);
  return times;
}

const updateOptions = hasMachineLock ? {} : ({ lock: 'thread' } as const);

/** Every way to save one file. */
const ways: { name: string; chunks?: true; run: () => Promise<unknown> }[] = [
  ...forms.map(({ name, save }) => ({ name, run: () => save(file(), 'content') })),
  { name: 'save of an iterable', chunks: true, run: () => save(file(), ['con', 'tent']) },
  { name: 'saveSync of an iterable', chunks: true, run: async () => saveSync(file(), ['con', 'tent']) },
  {
    name: 'a save stream',
    chunks: true,
    run: () => pipeline(Readable.from(['con', 'tent']), createSaveStream(file())),
  },
  { name: 'a saver', run: () => new Saver(file()).save('content') },
  { name: 'saveAll', run: () => saveAll([{ path: file(), data: 'content' }]) },
  { name: 'saveAllSync', run: async () => saveAllSync([{ path: file(), data: 'content' }]) },
  { name: 'update', run: () => update(file(), () => 'content', updateOptions) },
  { name: 'updateSync', run: async () => updateSync(file(), () => 'content', updateOptions) },
];

describe('a subscriber', () => {
  for (const { name, chunks, run } of ways) {
    it(`is notified of the start and the end of ${name}`, async () => {
      listen();
      await run();
      assert.deepEqual(events(), ['start', 'end']);
      const [start, end] = received.map(({ message }) => message);
      assert.ok(start !== undefined && end !== undefined && 'saved' in end);
      const { id, ...rest } = start;
      assert.deepEqual(rest, {
        engine: engineUnderTest,
        path: file(),
        bytes: chunks ? undefined : 7,
        durability: 'durable',
        ifExists: 'replace',
      });
      const { saved, times, ...begun } = end;
      assert.deepEqual(begun, { id, ...rest });
      assert.deepEqual([saved.path, saved.bytes, saved.replaced], [file(), 7, false]);
      assertPlausible(times);
      assert.ok(times.locate > 0 && times.create > 0 && times.write > 0 && times.rename > 0);
    });

    it(`is notified of a failure of ${name}, with the error`, async () => {
      mkdirSync(file());
      listen();
      const [outcome] = await Promise.allSettled([run()]);
      assert.equal(outcome.status, 'rejected');
      // An update fails when it reads: there is no save yet.
      if (name.startsWith('update')) return assert.deepEqual(events(), []);
      assert.deepEqual(events(), ['start', 'error']);
      const [failed] = failures();
      const error = name.startsWith('saveAll') ? outcome.reason.errors[0] : outcome.reason;
      assert.equal(failed?.error, error);
      assert.equal(error.code, 'EISDIR');
      assertPlausible(failed?.times);
    });
  }

  it('is notified of each of many files', async () => {
    listen();
    const files = Array.from({ length: 40 }, (_, index) => ({ path: scratch.at(`${index}`), data: 'x' }));
    await saveAll(files);
    saveAllSync(files);
    assert.equal(new Set(ends().map(({ id }) => id)).size, 80);
    for (const { times } of ends()) assertPlausible(times);
  });

  it('gets the time of each sync, and 0 where nothing is synced', async (test) => {
    test.skip(isInMemory(scratch.path), 'no directory on a disk');
    writeFileSync(file(), 'old');
    listen();
    await save(file(), 'new', { protocol: 'sync-rename-sync' });
    await save(file(), 'new', { durability: 'none' });
    const [durable, none] = ends().map(({ times }) => times);
    assert.ok(durable !== undefined && durable.sync > 0 && durable.syncDirectory > 0);
    assert.deepEqual([none?.sync, none?.syncDirectory], [0, 0]);
  });

  for (const durability of ['durable', 'ordered', 'none'] satisfies Durability[]) {
    it(`gets times in exactly the stages that the steps of a save count to, with '${durability}'`, async () => {
      const { steps } = (await inspect(scratch.path)).protocol[durability];
      const stages = new Set(steps.flatMap((step) => STEPS[step].stage ?? []));
      writeFileSync(file(), 'old');
      listen();
      await save(file(), 'new', { durability });
      const withoutStep = ['queue', 'locate', 'wait', 'total'];
      const spent = Object.entries(assertPlausible(ends()[0]?.times))
        .filter(([stage, time]) => time > 0 && !withoutStep.includes(stage))
        .map(([stage]) => stage);
      assert.deepEqual(new Set<string>(spent), new Set<string>(stages));
    });
  }

  it('sees that most of the time of a large save is spent in writing', async () => {
    listen();
    for (const { save } of forms) {
      let seen = false;
      // On a busy machine any step of a save may wait for a processor.
      for (let attempt = 0; attempt < 10 && !seen; attempt += 1) {
        await save(file(), Buffer.alloc(64_000_000), { durability: 'none' });
        const times = ends().at(-1)?.times;
        seen = times !== undefined && times.write > times.rename + times.locate + times.create;
      }
      assert.ok(seen);
    }
  });

  it('sees that a save waits for the save before it to its path', async () => {
    listen();
    const long = save(file(), Buffer.alloc(64_000_000));
    const short = save(file(), 'new');
    await Promise.all([long, short]);
    const waited = ends().find(({ saved }) => saved.bytes === 3)?.times;
    assertPlausible(waited);
    assert.ok(waited !== undefined && waited.queue + waited.wait > waited.total / 2);
  });

  it("sees the time of a stream's producer only in the total", async () => {
    listen();
    const stream = createSaveStream(file());
    await new Promise((resolve) => stream.write('con', resolve));
    await new Promise((resolve) => setTimeout(resolve, 300));
    stream.end('tent');
    await finished(stream);
    const [end] = ends();
    const { total, ...stages } = assertPlausible(end?.times);
    assert.ok(total - Object.values(stages).reduce((sum, time) => sum + time, 0) > 200e6);
  });

  it('is notified once of a stream that is destroyed, with its error or with none', async () => {
    listen();
    const reason = new Error('half-way');
    for (const error of [reason, undefined]) {
      const stream = createSaveStream(file());
      stream.write('x');
      await new Promise((resolve) => stream.once('drain', resolve).write('y'.repeat(2_000_000)));
      const closed = new Promise((resolve) => stream.once('error', () => undefined).once('close', resolve));
      stream.destroy(error);
      await closed;
      stream.destroy(new Error('again'));
    }
    assert.deepEqual(events(), ['start', 'error', 'start', 'error']);
    assert.deepEqual(
      failures().map(({ error }) => error),
      [reason, undefined],
    );
    for (const { times } of failures()) assert.ok(assertPlausible(times).write > 0);
  });

  it("is notified of an iterable whose producer throws, with the producer's error", async () => {
    listen();
    const error = new Error('no more');
    const chunks = function* () {
      yield 'x';
      throw error;
    };
    await assert.rejects(save(file(), chunks()), error);
    assert.throws(() => saveSync(file(), chunks()), error);
    assert.deepEqual(
      failures().map((failed) => failed.error),
      [error, error],
    );
  });

  it('is notified of an aborted save', async () => {
    const controller = new AbortController();
    listen();
    const saving = save(file(), Buffer.alloc(64_000_000), { signal: controller.signal });
    controller.abort();
    const [outcome] = await Promise.allSettled([saving]);
    assert.deepEqual(events(), ['start', outcome.status === 'fulfilled' ? 'end' : 'error']);
  });

  it('is notified of an update that found the file changed', async () => {
    writeFileSync(file(), 'old');
    listen();
    const updating = update(
      file(),
      () => {
        writeFileSync(file(), 'changed');
        return 'new';
      },
      updateOptions,
    );
    await assert.rejects(updating, { code: 'ERR_INDELIBLE_CHANGED' });
    assert.deepEqual(events(), ['start', 'error']);
  });

  it('receives from one channel without a subscription to the others', async () => {
    for (const { channel, listener } of listeners.slice(1, 2)) subscribe(channel, listener);
    await save(file(), 'content');
    assert.deepEqual(events(), ['end']);
  });
});

describe('without subscribers', () => {
  it('no clock is read, and no measurement is requested', async () => {
    const { addon } = selectEngine();
    const readings = vi.spyOn(StageTimer.prototype, 'enter');
    const flags: number[] = [];
    const originals = addon && { ...addon };
    try {
      for (const name of ['save', 'saveSync', 'openSave', 'openSaveSync'] as const) {
        const original = addon?.[name] as ((...args: unknown[]) => unknown) | undefined;
        if (addon === undefined || original === undefined) continue;
        Object.assign(addon, {
          [name]: (...args: unknown[]) => {
            flags.push(Number(args[WIRE.request.indexOf('flags')]));
            return original(...args);
          },
        });
      }
      for (const { run } of ways) await run();
      assert.equal(readings.mock.calls.length, 0);
      assert.ok(addon === undefined || flags.length >= ways.length - 1);
      for (const bits of flags) assert.equal(bits & FLAG.timed, 0);
      listen();
      for (const { run } of ways) await run();
      // The native engine measures on its own threads.
      if (addon === undefined) assert.ok(readings.mock.calls.length > 0, 'the test would not notice');
      if (addon !== undefined) assert.ok(flags.some((bits) => (bits & FLAG.timed) !== 0));
    } finally {
      readings.mockRestore();
      if (addon !== undefined) Object.assign(addon, originals);
    }
  });
});
