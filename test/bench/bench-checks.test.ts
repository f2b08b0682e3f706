import assert from 'node:assert/strict';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'vitest';
import type { Report } from '../../bench/measure/report.js';
import { makeDirectory, removeDirectory, run } from '../cli/command.js';
import { madeReport } from '../unit/bench/made-fleet.js';

const OLD = madeReport({ machine: 'here', save: 1000 });

describe('what indelible bench refuses before it measures', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await makeDirectory();
    await mkdir(join(directory, 'folder'));
    await writeFile(join(directory, 'file'), '');
    await writeFile(join(directory, 'old.json'), JSON.stringify(OLD));
  });
  afterEach(() => removeDirectory(directory));

  const contradictions: [args: string[], names: RegExp][] = [
    [['--quick', '--full'], /'--quick' cannot be used with option '--full'/],
    [['--from', 'old.json', '--quick'], /'--from' cannot be used with option '--quick'/],
    [['--from', 'old.json', '--seconds', '9'], /'--from' cannot be used with option '--seconds'/],
    [['--from', 'old.json', 'folder'], /'--from' .* cannot be used with a PATH/],
    [['--json', '-', '--format', 'openmetrics'], /both print to standard output/],
    [['--json', 'out', '--html', './out'], /'--json' and '--html' both write 'out'/],
    [['--power-cut', '--quick'], /a power cut cannot be used with other options/],
    [['--power-cut-check', 'old.json', 'folder', 'folder'], /a power cut takes one PATH/],
    [['--fail-if', 'slower:20%'], /'--fail-if' needs option '--compare'/],
    [['--fail-if', 'faster:20%', '--compare', 'old.json'], /'faster:20%' is invalid.* slower:20%/],
    [['--collect', '--history', 'folder', 'old.json'], /'--collect' cannot be used with option '--history/],
  ];
  for (const [args, names] of contradictions) {
    it(`${args.join(' ')}: a contradiction, with status 2`, async () => {
      const { status, stdout, stderr } = await run(['bench', ...args], directory);
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, names);
      assert.deepEqual(await readdir(directory), ['file', 'folder', 'old.json']);
    });
  }

  const files: [args: string[], names: RegExp][] = [
    [['--json', 'folder'], /'folder' cannot be written: it is a directory/],
    [['--html', 'missing/page.html'], /'missing\/page\.html' cannot be written: .*missing' does not exist/],
    [['--json', 'file/report.json'], /'file\/report\.json' cannot be written|ENOTDIR.*file\/report\.json/],
    [['--history', 'file'], /'file' cannot be written: it is not a directory/],
    [['--compare', 'missing.json'], /ENOENT: .*'missing\.json'/],
    [['--compare', 'file'], /'file' cannot be read as a report/],
    [['--power-cut', 'missing'], /ENOENT: .*'missing'/],
    [['--power-cut-check', 'missing', 'folder'], /ENOENT: .*'missing'/],
    [['--power-cut-check', 'old.json', 'folder'], /nothing was acknowledged/],
    [['folder', 'file'], /'file' is not a directory/],
    [['folder', 'missing'], /ENOENT: .*'missing'/],
  ];
  for (const [args, names] of files) {
    it(`${args.join(' ')}: a file that it could not use, with status 1 and its name`, async () => {
      const { status, stdout, stderr } = await run(['bench', ...args], directory);
      assert.deepEqual([status, stdout], [1, '']);
      assert.match(stderr, names);
      assert.deepEqual(await readdir(directory), ['file', 'folder', 'old.json']);
      assert.deepEqual(await readdir(join(directory, 'folder')), []);
    });
  }

  it('a history with a file that is no report', async () => {
    await writeFile(join(directory, 'folder', 'other.json'), '{}');
    const { status, stderr } = await run(['bench', '--history', 'folder'], directory);
    assert.equal(status, 1);
    assert.match(stderr, /'folder\/other\.json' cannot be read as a report/);
  });
});

describe('indelible bench --fail-if', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await makeDirectory();
  });
  afterEach(() => removeDirectory(directory));

  async function judge(now: Report, condition: string) {
    await writeFile(join(directory, 'old.json'), JSON.stringify(OLD));
    await writeFile(join(directory, 'new.json'), JSON.stringify(now));
    return run(['bench', '--from', 'new.json', '--compare', 'old.json', '--fail-if', condition], directory);
  }

  it('fails with status 4 if a median is slower by so much and beyond noise', async () => {
    const { status, stdout, stderr } = await judge(madeReport({ machine: 'here', save: 1300 }), 'slower:20%');
    assert.equal(status, 4);
    assert.match(stdout, /\| save, durable \| 1\.00 ms \| 1\.30 ms \| x 1\.30 \| slower +\|/);
    assert.match(stderr, /^indelible: save, durable takes 1\.30 ms, and took 1\.00 ms: slower by 20 %/m);
    assert.match(stderr, /^indelible: fdatasync takes 650 us, and took 500 us/m);
  });

  it('does not fail for less, nor for what is not beyond noise', async () => {
    assert.equal((await judge(madeReport({ machine: 'here', save: 1300 }), 'slower:31%')).status, 0);
    assert.equal((await judge(madeReport({ machine: 'here', save: 1090 }), 'slower:5%')).status, 0);
    assert.equal((await judge(madeReport({ machine: 'here', save: 500 }), 'slower:0%')).status, 0);
  });

  it('has status 3 if too few rounds cannot be judged', async () => {
    const few = madeReport({ machine: 'here', save: 1300, interval: null });
    const { status, stderr } = await judge(few, 'slower:20%');
    assert.equal(status, 3);
    assert.match(stderr, /save, durable cannot be judged: a report lacks it, or has fewer than 6 rounds/);
  });
});

describe('indelible bench --history', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await makeDirectory();
  });
  afterEach(() => removeDirectory(directory));

  it('keeps reports by disk, and shows the course of the disk that was measured', async () => {
    const reports = [
      madeReport({ machine: 'one', save: 16_000, date: '2026-10-30T12:00:00.000Z' }),
      madeReport({ machine: 'two', save: 99_000, date: '2026-11-01T12:00:00.000Z' }),
      madeReport({ machine: 'one', save: 32_000, date: '2026-11-15T12:00:00.000Z' }),
    ];
    let shown = '';
    for (const [index, report] of reports.entries()) {
      await writeFile(join(directory, `${index}`), JSON.stringify(report));
      const args = ['bench', '--from', `${index}`, '--history', 'kept/here'];
      const { status, stdout } = await run(args, directory);
      assert.equal(status, 0);
      shown = stdout.slice(stdout.indexOf('one:/'));
    }
    const folders = (await readdir(join(directory, 'kept/here'))).sort();
    assert.match(folders.join(), /^one-[0-9a-f]{8},two-[0-9a-f]{8}$/);
    assert.deepEqual((await readdir(join(directory, 'kept/here', folders[0] ?? ''))).sort(), [
      '2026-10-30T12-00-00.000Z.json',
      '2026-11-15T12-00-00.000Z.json',
    ]);
    assert.match(shown, /^\| 2026-10-30 12:00 \|.* 16\.0 ms \|.*\| #{6} +\|$/m);
    assert.match(shown, /^\| 2026-11-15 12:00 \|.* 32\.0 ms \|.*\| #{12} +\|$/m);
    assert.match(shown, /^! changed\. A durable save takes 32\.0 ms/m);
    assert.doesNotMatch(shown, /99\.0 ms/);
    for (const line of shown.split('\n')) assert.ok(line.length <= 80, line);
    const collected = await run(['bench', '--collect', 'kept'], directory);
    assert.match(collected.stdout, /^! one:\/: changed\./m);
  });
});
