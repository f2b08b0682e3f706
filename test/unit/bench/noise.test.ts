import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { findingsOf } from '../../../bench/measure/findings.js';
import { type Noise, NoiseMeter, summaryOf } from '../../../bench/measure/noise.js';
import { concurrencyTable, noiseTable } from '../../../bench/report/table.js';
import { Machine } from '../../../src/filesystem/machine.js';
import { disk, resultNamed, runOf } from './measured.js';

describe('the meter of noise', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'indelible-test-'));
    write('proc/loadavg', '1.50 1.00 0.50 2/80 99\n');
    write('sys/dev/block/8:0/stat', stat(0));
    processors({ busy: 0, stolen: 0 });
    pressure(0, 0, 0);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function write(name: string, text: string): void {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const stat = (requests: number) =>
    `${requests} 0 ${8 * requests} 0 ${requests} 0 ${8 * requests} 0 0 0 0 0 0 0 0 0 0\n`;
  /** Of two processors, in units of 10 ms. */
  const processors = ({ busy, stolen }: { busy: number; stolen: number }) =>
    write('proc/stat', `cpu  ${busy} 0 0 100 0 0 0 ${stolen} 0 0\ncpu0 0 0\ncpu1 0 0\nintr 1 2 3\n`);
  const pressure = (...microseconds: [cpu: number, io: number, memory: number]) => {
    for (const [index, name] of ['cpu', 'io', 'memory'].entries()) {
      write(`proc/pressure/${name}`, `some avg10=0.00 avg60=0.00 avg300=0.00 total=${microseconds[index]}\n`);
    }
  };

  const meter = () => {
    const machine = new Machine({ procRoot: join(root, 'proc'), sysRoot: join(root, 'sys') });
    const found = NoiseMeter.on(disk({}), machine);
    assert.ok(found !== undefined);
    return found;
  };

  /** One record. `meanwhile` happens while the round is measured, `inPause` afterwards. */
  async function record(meanwhile: () => void, inPause: () => void): Promise<Noise> {
    const observed = meter();
    meanwhile();
    await setTimeout(120);
    const pause = setTimeout(1).then(inPause);
    const noise = await observed.endRound('single', true);
    await pause;
    assert.ok(noise !== undefined);
    return noise;
  }

  it('calls a round quiet in which others do nothing', async () => {
    const noise = await record(
      () => {},
      () => {},
    );
    assert.deepEqual(noise, {
      part: 'single',
      rounds: 1,
      load: 1.5,
      processors: 2,
      used: 0,
      withheld: 0,
      waiting: { cpu: 0, io: 0, memory: 0 },
      disk: { requests: 0, bytes: 0 },
      noisy: [],
    });
  });

  it('sees processors that others use or the host withholds', async () => {
    const used = await record(
      () => processors({ busy: 1000, stolen: 0 }),
      () => {},
    );
    assert.deepEqual(used.noisy, ['processors']);
    processors({ busy: 0, stolen: 0 });
    const withheld = await record(
      () => processors({ busy: 0, stolen: 1000 }),
      () => {},
    );
    assert.deepEqual([withheld.used, withheld.noisy], [0, ['processors']]);
  });

  it('sees requests of others to the disk, but not those of the round itself', async () => {
    const own = await record(
      () => write('sys/dev/block/8:0/stat', stat(1000)),
      () => {},
    );
    assert.deepEqual(own.noisy, []);
    const others = await record(
      () => {},
      () => write('sys/dev/block/8:0/stat', stat(2000)),
    );
    assert.deepEqual(others.noisy, ['disk']);
    // Each is rounded to three digits.
    const bytesEach = (others.disk?.bytes ?? 0) / (others.disk?.requests ?? 0);
    assert.ok(Math.abs(bytesEach / 4096 - 1) < 0.01);
  });

  it('sees waiting, of which only that for memory makes a round noisy', async () => {
    const { waiting, noisy } = await record(
      () => {},
      () => pressure(1e9, 1e9, 0),
    );
    assert.deepEqual([waiting, noisy], [{ cpu: 1, io: 1, memory: 0 }, []]);
    const memory = await record(
      () => {},
      () => pressure(1e9, 1e9, 1e9),
    );
    assert.deepEqual(memory.noisy, ['memory']);
  });

  it('does without what the kernel does not show', async () => {
    for (const name of ['proc/pressure', 'proc/loadavg', 'sys'])
      rmSync(join(root, name), { recursive: true });
    const {
      load,
      waiting,
      disk: requests,
    } = await record(
      () => {},
      () => {},
    );
    assert.deepEqual([load, waiting, requests], [null, null, null]);
    rmSync(join(root, 'proc/stat'));
    assert.equal(NoiseMeter.on(disk({}), new Machine({ procRoot: join(root, 'proc') })), undefined);
  });

  it('makes one record of rounds that are too short for one each', async () => {
    const observed = meter();
    assert.equal(await observed.endRound('single', false), undefined);
    assert.equal(await observed.endRound('single', true), undefined);
    await setTimeout(260);
    assert.equal((await observed.endRound('single', false))?.rounds, 3);
  });
});

const QUIET: Noise = {
  part: 'single',
  rounds: 2,
  load: 1,
  processors: 2,
  used: 0.1,
  withheld: 0,
  waiting: { cpu: 0, io: 0, memory: 0 },
  disk: { requests: 1, bytes: 4096 },
  noisy: [],
};
const LOUD: Noise = {
  ...QUIET,
  part: '8 at once',
  used: 1.9,
  disk: { requests: 501, bytes: 2 ** 20 },
  noisy: ['processors', 'disk'],
};

describe('what noise means for a run', () => {
  const noiseIn = (...noise: Noise[]) => {
    const findings = findingsOf(runOf([], { noise }));
    const index = findings.findIndex(({ about }) => about === 'noise');
    return { first: index === 0, says: findings[index]?.says, text: findings[index]?.text ?? '' };
  };

  it('says first that figures are not to be trusted if most rounds were noisy', () => {
    const { first, says, text } = noiseIn(QUIET, LOUD, LOUD);
    assert.deepEqual([first, says], [true, 'bad']);
    assert.match(
      text,
      /^Do not trust these figures: 4 of 6 rounds were noisy\. Other programs used 1\.30 of 2 /,
    );
    assert.match(text, /they sent 334 requests and 684 KiB a second to this disk/);
  });

  it('says how many rounds were noisy if they are not the most', () => {
    assert.equal(noiseIn(QUIET, LOUD).says, 'neutral');
    assert.match(noiseIn(QUIET, LOUD).text, /^2 of 4 rounds were noisy\./);
    assert.equal(noiseIn(QUIET).says, 'good');
  });

  it('says when nothing is known', () => {
    assert.match(noiseIn().text, /not known: the time was too short/);
    assert.match(
      findingsOf(runOf([], { noise: null })).find(({ about }) => about === 'noise')?.text ?? '',
      /not visible on this system/,
    );
    assert.equal(summaryOf([]), undefined);
  });

  it('marks the columns of noisy parts, and gives each part a row', () => {
    const results = [resultNamed('save, durable', 1)];
    const byConcurrency = [1, 8].map((atOnce) => ({ atOnce, results }));
    const run = runOf([], { noise: [QUIET, LOUD], byConcurrency });
    assert.match(concurrencyTable(run, 80)[0] ?? '', /^\| saves\/s, at once \| +1 \| +8 ! \|/);
    assert.match(noiseTable(run)[0] ?? '', /^\| 8 at once \| +2\/2 \|.* 501 \| +1 MiB \|$/m);
  });
});
