import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const FILES = {
  'package.json': '{ "name": "demo" }',
  // Counts how often it is asked: an answer from the cache does not count.
  'transform.cjs': `
    const { appendFileSync } = require('node:fs');
    module.exports = {
      process(code, path) {
        appendFileSync(process.env.TRANSFORMED, path + '\\n');
        return { code };
      },
    };`,
  'sum.js': 'module.exports = (a, b) => a + b;',
  'sum.test.js': `
    const sum = require('./sum.js');
    test('adds', () => expect(sum(1, 2)).toBe(3));
    test('matches the snapshot', () => expect({ sum: sum(2, 2) }).toMatchSnapshot());`,
};

/** Runs a test twice: the second time, the transformed code comes from the cache. */
export function work(directory, scratch) {
  const project = join(scratch, 'project');
  mkdirSync(project);
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(project, name), text);
  const jest = join(createRequire(import.meta.url).resolve('jest/package.json'), '../bin/jest.js');
  const configuration = {
    rootDir: project,
    cacheDirectory: directory,
    transform: { '\\.js$': join(project, 'transform.cjs') },
  };
  return [1, 2].map((run) => {
    const transformed = join(scratch, `transformed-${run}`);
    const report = join(scratch, `report-${run}.json`);
    writeFileSync(transformed, '');
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        ...process.execArgv,
        jest,
        ...['--ci=false', '--runInBand', '--watchman=false', '--json', `--outputFile=${report}`],
        ...['--config', JSON.stringify(configuration)],
      ],
      { encoding: 'utf8', env: { ...process.env, TRANSFORMED: transformed } },
    );
    if (status !== 0) throw new Error(`jest ended with ${status}: ${stderr}`);
    const { numPassedTests, numFailedTests, snapshot } = JSON.parse(readFileSync(report, 'utf8'));
    return {
      numPassedTests,
      numFailedTests,
      snapshotsAdded: snapshot.added,
      snapshotsMatched: snapshot.matched,
      transformed: readFileSync(transformed, 'utf8').split('\n').length - 1,
      snapshot: readFileSync(join(project, '__snapshots__/sum.test.js.snap'), 'utf8'),
    };
  });
}
