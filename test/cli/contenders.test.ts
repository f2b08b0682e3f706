import assert from 'node:assert/strict';
import { readdir, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, it } from 'vitest';
import type { Contender } from '../../bench/contenders/contender.js';
import { readCrashResults } from '../../bench/measure/guarantee.js';
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

describe('contenders', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await makeDirectory();
  });
  afterEach(() => removeDirectory(directory));

  it('that cannot save at all are named, and the others measured without them', async () => {
    const save = () => Promise.reject(new Error('out of luck'));
    const run = await benchDirectory(directory, [{ ...PLAIN, name: 'unlucky', save }, PLAIN], options);
    assert.deepEqual(run.failed, [{ name: 'unlucky', error: 'out of luck' }]);
    assert.deepEqual(
      run.contenders.map(({ name }) => name),
      ['plain'],
    );
    assert.deepEqual(await readdir(directory), []);
  });

  it('that fail while they are measured end the benchmark, which leaves nothing behind', async () => {
    let warm = false;
    const save = () => {
      if (warm) throw new Error('out of luck');
    };
    const broken = { ...PLAIN, name: 'broken', save };
    const onTurn = () => {
      warm = true;
    };
    await assert.rejects(benchDirectory(directory, [broken], { ...options, onTurn }), /out of luck/);
    assert.deepEqual(await readdir(directory), []);
  });

  it('are loaded row by row, and those whose package is not installed are named', async () => {
    const row = { description: 'saves nothing', durability: 'none', load: async () => () => {} } as const;
    const { contenders, missing } = await loadRows([
      { ...row, name: 'a' },
      { ...row, name: 'b', load: () => import('not-installed-here' as string) },
      { ...row, name: 'c' },
    ]);
    assert.deepEqual(
      contenders.map(({ name }) => name),
      ['a', 'c'],
    );
    assert.deepEqual(missing, ['not-installed-here']);
  });

  it('of this project: what is said of them can be looked up in the crash results', async () => {
    const { contenders, missing } = await loadContenders();
    assert.deepEqual(missing, []);
    const crashed = new Set(readCrashResults().results.map(({ name }) => name));
    for (const contender of contenders) {
      assert.ok(contender.name.length <= 17, contender.name);
      assert.ok(contender.crashed === undefined || crashed.has(contender.crashed), contender.name);
    }
    assert.equal(new Set(contenders.map(({ name }) => name)).size, contenders.length);
  });
});
