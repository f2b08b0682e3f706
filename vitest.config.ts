import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { type EngineName, engines, nativeUnavailable } from './test/engines.js';
import { isRoot } from './test/privileges.js';

const isWindows = process.platform === 'win32';
/** As opposed to what `test/platforms/inapplicable.ts` knows. */
const isLinux = process.platform === 'linux' && process.env.INDELIBLE_TESTS_ON === undefined;

/** Files of these projects run two at a time; Vitest by itself leaves one of two processors idle. */
const BESIDE_EACH_OTHER = { maxWorkers: 2, sequence: { groupOrder: 0 } };
/** These mount, count flushes or stop other processes: one file at a time, behind the others. */
const ALONE = { maxWorkers: 1, sequence: { groupOrder: 1 } };

/** The behaviour suite runs once over each engine. Tests that change the working directory need a process. */
function behaviour(engine: EngineName): TestProjectInlineConfiguration {
  return {
    test: {
      name: engine,
      include: ['test/behaviour/**/*.test.ts', ...(isWindows ? ['test/platforms/windows.test.ts'] : [])],
      setupFiles: isLinux ? [] : ['test/platforms/setup.ts'],
      env: { INDELIBLE_ENGINE: engine },
      pool: 'forks',
      ...BESIDE_EACH_OTHER,
      // How long a disk takes is not a matter of right or wrong.
      testTimeout: 0,
      hookTimeout: 0,
    },
  };
}

function project(
  name: string,
  workers: typeof ALONE | typeof BESIDE_EACH_OTHER,
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
  process.stderr.write('Skipped: what only root can set up (mounts, other owners, device nodes).\n');
}

export default defineConfig({
  test: {
    projects: [
      project('unit', BESIDE_EACH_OTHER),
      ...engines.map(behaviour),
      project('cli', BESIDE_EACH_OTHER),
      project('page', ALONE),
      project('filesystems', ALONE),
      project('lab', ALONE),
      project('faults', ALONE),
      project('sanitizers', ALONE),
      project('package', ALONE),
    ],
  },
});
