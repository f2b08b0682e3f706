import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, it } from 'vitest';
import type { Report, Result } from '../../bench/measure/report.js';
import { usualSteps } from '../../src/filesystem/protocols.js';
import {
  MAIN,
  makeDirectory,
  outcomeOf,
  type Running,
  removeDirectory,
  run,
  start,
  until,
} from '../cli/command.js';

const isLinux = process.platform === 'linux';
const hasScript = spawnSync('script', ['--version']).status === 0;

describe('indelible bench', () => {
  let directory: string;
  let running: Running | undefined;
  beforeEach(async () => {
    directory = await makeDirectory();
  });
  afterEach(async () => {
    running?.child.kill('SIGKILL');
    await removeDirectory(directory);
  });

  it('prints at most 80 columns, without colours in a pipe, and leaves nothing behind', async () => {
    const { status, stdout } = await run(['bench', '--seconds', '0.2'], directory);
    assert.equal(status, 0);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80 || line.includes(directory), line);
    assert.ok(!stdout.includes('\u001b'));
    assert.deepEqual(await readdir(directory), []);
  });

  it('measures this library, plain Node and the npm libraries that are installed', async () => {
    const { stdout } = await run(['bench', '--quick', '--seconds', '0.2', '--json', '-'], directory);
    const report: Report = JSON.parse(stdout);
    assert.deepEqual(report.runs[0]?.contenders.map(({ name }) => name).sort(), [
      'atomically',
      'fast-write-atomic',
      'fs.writeFile',
      'portable, durable',
      'save, durable',
      'save, none',
      'save, ordered',
      'saveSync, durable',
      'steno',
      'textbook, async',
      'textbook, sync',
      'write-file-atomic',
      'writeFile + flush',
    ]);
  });

  it('--json - prints one valid document with a run for each directory', async () => {
    const { status, stdout } = await run(['bench', '--seconds', '0.2', '--json', '-', '.', '.'], directory);
    assert.equal(status, 0);
    const report: Report = JSON.parse(stdout);
    assert.equal(report.schema, 'indelible-bench/3');
    assert.equal(report.runs.length, 2);
    for (const run of report.runs) {
      const { bytes, baseline, contenders, failed, filesystem, stages, bySize, byConcurrency } = run;
      assert.equal(bytes, 4096);
      assert.deepEqual(failed, []);
      assert.ok(process.platform !== 'linux' || filesystem.mount !== null);
      const series = [...bySize, ...byConcurrency].flatMap(({ results }) => results);
      for (const result of [...baseline, ...contenders, ...series]) assertSound(result);
      for (const result of [...baseline, ...contenders]) assertOneAtATime(result);
      const fdatasync = baseline.find(({ name }) => name === 'fdatasync');
      for (const { baselines, microseconds } of contenders) {
        const expected = microseconds.median / (fdatasync?.microseconds.median ?? 0);
        assert.ok(Math.abs(baselines / expected - 1) < 0.01);
      }
      assert.ok(byConcurrency.length > 1 && bySize.length > 1);
      for (const { protocol, steps } of stages) {
        const expected = usualSteps(protocol).filter((step) => step !== 'set-attributes');
        assert.deepEqual(
          steps.map(({ name }) => name),
          expected,
        );
      }
    }
    assert.deepEqual(await readdir(directory), []);
  });

  it('--json FILE writes the document and prints the tables', async () => {
    const { stdout } = await run(
      ['bench', '--quick', '--seconds', '0.2', '--json', 'report.json'],
      directory,
    );
    assert.match(stdout, /\| baseline /);
    const report: Report = JSON.parse(await readFile(join(directory, 'report.json'), 'utf8'));
    assert.equal(report.schema, 'indelible-bench/3');
  });

  it('measures appends with fdatasync, and --append further ones', async () => {
    const { stdout } = await run(
      ['bench', '--quick', '--seconds', '0.2', '--append', '8192x4', '--json', '-'],
      directory,
    );
    const report: Report = JSON.parse(stdout);
    const appends = report.runs[0]?.appends ?? [];
    assert.deepEqual(
      appends.map(({ name, bytes, atOnce }) => [name, bytes, atOnce]),
      [
        ['etcd, 2300 B', 2300, 1],
        ['PostgreSQL, 8 KiB', 8192, 1],
        ['SQLite, 4120 B', 4120, 1],
        ['8 KiB x 4', 8192, 4],
      ],
    );
    for (const result of appends) assertSound(result);
  });

  it('--contender measures an implementation of the user', async () => {
    const source =
      "import { writeFileSync } from 'node:fs'; export default { save: (p, b) => writeFileSync(p, b) };";
    await writeFile(join(directory, 'mine.mjs'), source);
    const args = ['bench', '--quick', '--seconds', '0.2', '--json', '-', '--contender', './mine.mjs'];
    const { stdout } = await run(args, directory);
    const report: Report = JSON.parse(stdout);
    assert.ok(report.runs[0]?.contenders.some(({ name }) => name === 'mine'));
  });

  it('--contender says what is wrong with a module that is not an implementation', async () => {
    await writeFile(join(directory, 'none.mjs'), 'export const save = 1;');
    const { status, stderr } = await run(['bench', '--contender', 'none.mjs'], directory);
    assert.equal(status, 1);
    assert.match(stderr, /'none.mjs' is not an implementation/);
  });

  for (const option of ['--from', '--compare']) {
    it(`${option} refuses a report of another schema and names both`, async () => {
      await writeFile(join(directory, 'old.json'), '{"schema":"indelible-bench/1","runs":[]}');
      const { status, stdout, stderr } = await run(['bench', option, 'old.json'], directory);
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, /^indelible: 'old.json' .* 'indelible-bench\/1', not 'indelible-bench\/3'\n$/);
    });
  }

  it('--from refuses a document without a schema', async () => {
    await writeFile(join(directory, 'other.json'), '[]');
    const { status, stderr } = await run(['bench', '--from', 'other.json'], directory);
    assert.equal(status, 1);
    assert.match(stderr, /it has no schema, not 'indelible-bench\/3'\n$/);
  });

  it('--from shows an earlier report instead of measuring', async () => {
    await run(['bench', '--quick', '--seconds', '0.2', '--json', 'report.json'], directory);
    const { status, stdout } = await run(['bench', '--from', 'report.json'], directory);
    assert.equal(status, 0);
    assert.match(stdout, /\| baseline /);
  });

  it("takes a library from the user's project rather than from its own", async () => {
    const library = join(directory, 'node_modules', 'steno');
    await mkdir(library, { recursive: true });
    await writeFile(join(library, 'package.json'), '{"name":"steno","type":"module","exports":"./index.js"}');
    const source = "export class Writer { write() { throw new Error('of the project'); } }";
    await writeFile(join(library, 'index.js'), source);
    const { stdout } = await run(['bench', '--quick', '--seconds', '0.2', '--json', '-'], directory);
    const report: Report = JSON.parse(stdout);
    assert.deepEqual(report.runs[0]?.failed, [{ name: 'steno', error: 'of the project' }]);
  });

  it.skipIf(!isLinux)(
    'sees other programs that use the processors and the disk; --require-quiet fails',
    async () => {
      const busy = availableParallelism() + 2;
      const sources = [
        ...Array<string>(busy).fill('for (;;);'),
        `const fs = require('node:fs'); const fd = fs.openSync('other', 'w');
      for (;;) { fs.writeSync(fd, Buffer.alloc(65536), 0, 65536, 0); fs.fdatasyncSync(fd); }`,
      ];
      const others = sources.map((source) => spawn(process.execPath, ['-e', source], { cwd: directory }));
      try {
        const args = ['bench', '--quick', '--seconds', '2', '--json', 'report.json', '--require-quiet'];
        const { status, stdout, stderr } = await run(args, directory);
        assert.equal(status, 3);
        assert.match(stderr, /^indelible: '.*' was not measured in quiet: \d+ of \d+ rounds were noisy\n$/m);
        assert.match(stdout, /^.*\n! Do not trust these figures: \d+ of \d+ rounds were noisy\./);
        const report: Report = JSON.parse(await readFile(join(directory, 'report.json'), 'utf8'));
        const noise = report.runs[0]?.noise ?? [];
        const reasons = new Set(noise.flatMap(({ noisy }) => noisy));
        assert.ok(reasons.has('processors'));
        assert.ok(reasons.has('disk') || noise.some((one) => one.disk === null));
      } finally {
        for (const other of others) other.kill('SIGKILL');
        await Promise.all(others.map((other) => other.exitCode ?? other.signalCode ?? once(other, 'close')));
      }
    },
  );

  it('shows no progress in a pipe', async () => {
    const { stderr } = await run(['bench', '--seconds', '0.2'], directory);
    assert.equal(stderr, '');
  });

  it.skipIf(!hasScript)('shows progress on a terminal, and removes it at the end', async () => {
    const command = `'${process.execPath}' '${MAIN}' bench --json - --seconds 0.2`;
    const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      cwd: directory,
    });
    child.stdin.end();
    const { status, stdout } = await outcomeOf(child);
    assert.equal(status, 0);
    assert.match(stdout, /\[[#.]{24}\] +\d+ s left {2}single: save, durable/);
    assert.ok(stdout.includes('\u001b[2K{'), stdout);
  });

  it('says which directory it cannot work in', async () => {
    const { status, stdout, stderr } = await run(['bench', '--json', '-', 'missing'], directory);
    assert.equal(status, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^indelible: ENOENT: no such file or directory, .*missing'\n$/);
  });

  it('succeeds if the reader of its output stops early', async () => {
    const child = spawn(process.execPath, [MAIN, 'bench', '--seconds', '0.2'], { cwd: directory });
    child.stdout.destroy();
    const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'close')]);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.deepEqual(await readdir(directory), []);
  });

  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    it(`leaves nothing behind on ${signal}, even if the signal comes twice`, async () => {
      running = start(['bench', '--seconds', '60'], directory);
      const { child, outcome } = running;
      await until(async () => (await readdir(directory)).length > 0);
      child.kill(signal);
      child.kill(signal);
      assert.equal((await outcome).status, status);
      assert.deepEqual(await readdir(directory), []);
    });
  }
});

function assertSound({ name, samples, perSecond, microseconds }: Result): void {
  const { median, mean, minimum, p90, p99, p999, maximum, roundMedians } = microseconds;
  assert.ok(samples > 0 && perSecond > 0 && mean > 0 && median > 0, name);
  assert.ok(minimum <= median && median <= maximum, name);
  const rising = [minimum, p90, p99, p999, maximum].filter((one) => one !== null);
  assert.deepEqual(
    rising,
    rising.toSorted((a, b) => a - b),
    name,
  );
  assert.deepEqual(
    [p90, p99, p999].map((one) => one === null),
    [10, 100, 1000].map((needed) => samples < needed),
    name,
  );
  assert.ok(mean <= maximum && Math.max(...roundMedians) <= maximum, name);
}

/** The rate is the reciprocal of the mean, to three digits. */
function assertOneAtATime({ name, perSecond, microseconds }: Result): void {
  assert.ok(Math.abs((perSecond * microseconds.mean) / 1e6 - 1) < 0.01, name);
}
