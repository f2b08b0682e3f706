import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, it } from 'vitest';
import type { Contender } from '../../bench/contenders/contender.js';
import type { ContenderRow } from '../../bench/contenders/contenders.js';
import { type CrashResults, readCrashResults } from '../../bench/measure/guarantee.js';
import { loadContenders, loadRows } from '../../bench/measure/load-contenders.js';
import { QUICK } from '../../bench/measure/plan.js';
import { benchDirectory } from '../../bench/measure/run.js';
import { makeDirectory, removeDirectory } from './command.js';

const options = {
  plan: { ...QUICK, seconds: 0.05 },
  signal: new AbortController().signal,
  crashResults: readCrashResults(),
  onTurn: () => {},
};

const PLAIN: Contender = {
  name: 'plain',
  description: 'overwrites in place',
  durability: 'none',
  save: (path, bytes) => writeFile(path, bytes),
};

describe('implementations in the benchmark', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await makeDirectory();
  });
  afterEach(() => removeDirectory(directory));

  it('that cannot save at all are named, and the others are measured without them', async () => {
    const save = () => Promise.reject(new Error('cannot save'));
    const run = await benchDirectory(directory, [{ ...PLAIN, name: 'failing', save }, PLAIN], options);
    assert.deepEqual(run.failed, [{ name: 'failing', error: 'cannot save' }]);
    assert.deepEqual(
      run.contenders.map(({ name }) => name),
      ['plain'],
    );
    assert.deepEqual(await readdir(directory), []);
  });

  it('that fail during the measurement stop the benchmark, which leaves nothing behind', async () => {
    let warm = false;
    const save = () => {
      if (warm) throw new Error('cannot save');
    };
    const broken = { ...PLAIN, name: 'broken', save };
    const onTurn = () => {
      warm = true;
    };
    await assert.rejects(benchDirectory(directory, [broken], { ...options, onTurn }), /cannot save/);
    assert.deepEqual(await readdir(directory), []);
  });

  it('whose package is not installed are left out and named', async () => {
    const row = (name: string, load: ContenderRow['load']): ContenderRow => ({ ...PLAIN, name, load });
    const { contenders, missing } = await loadRows(
      [
        row('a', async () => PLAIN.save),
        row('b', () => import(['not', 'installed', 'here'].join('-'))),
        { ...row('c', async () => PLAIN.save), package: 'library' },
      ],
      (library) => `version of ${library}`,
    );
    assert.deepEqual(
      contenders.map(({ version }) => version),
      [undefined, 'version of library'],
    );
    assert.deepEqual(
      contenders.map(({ name }) => name),
      ['a', 'c'],
    );
    assert.deepEqual(missing, ['not-installed-here']);
  });

  it('of this package have short distinct names, and results in the crash lab', async () => {
    const { contenders, missing } = await loadContenders();
    assert.deepEqual(missing, []);
    const lock: { packages: Record<string, { version?: string }> } = JSON.parse(
      await readFile(new URL('../../package-lock.json', import.meta.url), 'utf8'),
    );
    for (const { package: name = '', version } of contenders) {
      assert.equal(version, lock.packages[`node_modules/${name}`]?.version, name);
    }
    const published: CrashResults = JSON.parse(
      await readFile(new URL('../../docs/crash-results.json', import.meta.url), 'utf8'),
    );
    const crashed = new Set(published.results.map(({ name }) => name));
    for (const contender of contenders) {
      assert.ok(contender.name.length <= 17, contender.name);
      assert.ok(contender.crashed === undefined || crashed.has(contender.crashed), contender.name);
    }
    assert.equal(new Set(contenders.map(({ name }) => name)).size, contenders.length);
  });
});
