import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { type EngineName, engines, nativeUnavailable } from './test/engines.js';
import { isRoot } from './test/machine.js';

const isWindows = process.platform === 'win32';
/** Other systems skip the tests in `test/platforms/inapplicable.ts`. */
const isLinux = process.platform === 'linux' && process.env.INDELIBLE_TESTS_ON === undefined;

/** Files of these projects run two at a time. By default, Vitest leaves one of two processors idle. */
const TWO_AT_A_TIME = { maxWorkers: 2, sequence: { groupOrder: 0 } };
/**
 * These projects mount, count flushes or stop other processes: one file at a time, after the others. They unmount what
 * they have just saved to, which a look for leftovers would keep busy for a moment.
 */
const ONE_AT_A_TIME = { maxWorkers: 1, sequence: { groupOrder: 1 }, env: { INDELIBLE_SWEEP: 'off' } };
/** What other files of these projects do only makes them try again. They wait much: three at a time, at the end. */
const TRIES_AGAIN = { maxWorkers: 3, sequence: { groupOrder: 2 } };

/**
 * The files that take longest, in this order. Until Vitest has measured a file, it goes by its size, and would end with
 * one of these alone.
 */
const LONGEST = [
  'faults/fault-injection',
  'behaviour/update-across-processes',
  'faults/protocol-steps',
  'page/see-lesson',
  'rights/rights',
  'page/see-it-work',
  'faults/optional-calls',
  'sanitizers/sanitizers',
  'bench/bench',
  'behaviour/ending',
  'unit/native/decisions',
  'faults/abort',
  'faults/published',
].map((name) => `/test/${name}.test.ts`);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const groupOf = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
    const placeOf = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.findIndex((name) => moduleId.endsWith(name));
      return place < 0 ? LONGEST.length : place;
    };
    return sorted.sort((a, b) => groupOf(a) - groupOf(b) || placeOf(a) - placeOf(b));
  }
}

/** The behaviour suite runs once over each engine. Tests that change the working directory need a process. */
function behaviour(engine: EngineName): TestProjectInlineConfiguration {
  return {
    test: {
      name: engine,
      include: ['test/behaviour/**/*.test.ts', ...(isWindows ? ['test/platforms/windows.test.ts'] : [])],
      setupFiles: isLinux ? [] : ['test/platforms/setup.ts'],
      env: { INDELIBLE_ENGINE: engine },
      pool: 'forks',
      ...TWO_AT_A_TIME,
      // The speed of the disk must not decide whether a test passes.
      testTimeout: 0,
      hookTimeout: 0,
    },
  };
}

function project(
  name: string,
  workers: Pick<TestProjectInlineConfiguration['test'] & object, 'maxWorkers' | 'sequence' | 'env'>,
): TestProjectInlineConfiguration {
  const include = [`test/${name}/**/*.test.ts`];
  return { test: { name, include, pool: 'forks', testTimeout: 0, hookTimeout: 0, ...workers } };
}

if (nativeUnavailable !== undefined) {
  process.stderr.write(
    `The native engine is not tested, because the addon cannot be loaded: ${nativeUnavailable}\n`,
  );
}

if (!isRoot) {
  process.stderr.write('Skipped: tests that need root (mounts, other owners, device nodes).\n');
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      project('unit', TWO_AT_A_TIME),
      ...engines.map(behaviour),
      project('cli', TWO_AT_A_TIME),
      project('package', TRIES_AGAIN),
      // `npm run test:thorough`
      project('bench', TWO_AT_A_TIME),
      project('page', TWO_AT_A_TIME),
      project('sanitizers', TWO_AT_A_TIME),
      project('filesystems', ONE_AT_A_TIME),
      project('lab', ONE_AT_A_TIME),
      project('rights', TRIES_AGAIN),
      project('faults', TRIES_AGAIN),
    ],
  },
});
