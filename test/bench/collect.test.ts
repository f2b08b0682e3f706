import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'vitest';
import type { Report } from '../../bench/measure/report.js';
import type { Fleet } from '../../bench/report/fleet.js';
import { makeDirectory, removeDirectory, run } from '../cli/command.js';
import { FLEET, FLEET_VERDICTS } from '../unit/bench/made-fleet.js';

describe('indelible bench --collect', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await makeDirectory();
    for (const [index, report] of FLEET.entries()) {
      await writeFile(join(directory, `${index}.json`), JSON.stringify(report));
    }
  });
  afterEach(() => removeDirectory(directory));

  function verdictsIn(stdout: string): Record<string, string[]> {
    const { schema, disks }: Fleet = JSON.parse(stdout);
    assert.equal(schema, 'indelible-fleet/1');
    return Object.fromEntries(
      disks.map(({ machine, verdicts }) => [machine, verdicts.map(({ verdict }) => verdict)]),
    );
  }

  it('compares the reports in a directory, in files, and one after the other on standard input', async () => {
    const files = FLEET.map((_, index) => `${index}.json`).reverse();
    const last = FLEET.slice(-3).map((report) => JSON.stringify(report, null, 2));
    const ways = await Promise.all([
      run(['bench', '--collect', '--json', '-'], directory),
      run(['bench', '--collect', '--json', '-', ...files], directory),
      run(['bench', '--collect', '--json', '-', '-', ...files.slice(3)], directory, last.join('')),
    ]);
    for (const { status, stdout, stderr } of ways) {
      assert.deepEqual([status, stderr], [0, '']);
      assert.deepEqual(verdictsIn(stdout), FLEET_VERDICTS);
    }
    assert.equal(new Set(ways.map(({ stdout }) => stdout)).size, 1);
  });

  it('prints a table with a row for each disk, and the verdicts in sentences; --html writes a page', async () => {
    const { stdout } = await run(['bench', '--collect', '--html', 'page.html'], directory);
    assert.match(stdout, /^\| machine +\|/);
    assert.match(stdout, /^\| slow +\| \/ +\| ext4 \| rotating \|.* 90\.0 ms \| .* 4\.44 \| slow +\|$/m);
    assert.match(stdout, /^! lies:\/: lies\. /m);
    assert.match(await readFile(join(directory, 'page.html'), 'utf8'), /<h1>The disks of a fleet<\/h1>/);
  });

  it('--format openmetrics prints the verdicts as metrics', async () => {
    const { stdout } = await run(['bench', '--collect', '--format', 'openmetrics'], directory);
    assert.match(stdout, /^# TYPE indelible_fleet_save_seconds gauge\n/);
    assert.match(stdout, /\n# EOF\n$/);
  });

  it('refuses a file that is no report, and names it', async () => {
    await writeFile(join(directory, 'bad.prom'), '# TYPE indelible_bench_info gauge');
    const { status, stdout, stderr } = await run(['bench', '--collect', '0.json', 'bad.prom'], directory);
    assert.deepEqual([status, stdout], [1, '']);
    assert.match(stderr, /^indelible: 'bad\.prom' cannot be read as a report of indelible bench: .*\n$/);
  });

  it('refuses a directory without reports, and a path that is not there', async () => {
    await mkdir(join(directory, 'empty'));
    const empty = await run(['bench', '--collect', 'empty'], directory);
    assert.deepEqual(
      [empty.status, empty.stderr],
      [1, "indelible: 'empty' has no file that ends in .json\n"],
    );
    const missing = await run(['bench', '--collect', 'missing.json'], directory);
    assert.equal(missing.status, 1);
    assert.match(missing.stderr, /^indelible: ENOENT: .*'missing.json'\n$/);
  });

  it('refuses options that measure', async () => {
    const { status, stderr } = await run(['bench', '--collect', '--quick'], directory);
    assert.equal(status, 2);
    assert.match(stderr, /'--collect' cannot be used with option '--quick'/);
  });

  it('takes a new report, which has the name of the machine; --machine gives another', async () => {
    await run(['bench', '--quick', '--seconds', '0.1', '--json', 'own.json'], directory);
    await run(['bench', '--from', 'own.json', '--machine', 'given', '--json', 'given.json'], directory);
    const names = await Promise.all(
      ['own.json', 'given.json'].map(async (name) => {
        const report: Report = JSON.parse(await readFile(join(directory, name), 'utf8'));
        return report.machine.name;
      }),
    );
    assert.deepEqual(names, [hostname(), 'given']);
    const { stdout } = await run(['bench', '--collect', '--json', '-', 'own.json', 'given.json'], directory);
    const verdicts = verdictsIn(stdout);
    assert.deepEqual(Object.keys(verdicts).sort(), [hostname(), 'given'].sort());
  });
});
