import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { type EngineName, engines, nativeUnavailable } from './test/engines.js';
import { isRoot } from './test/privileges.js';

const isWindows = process.platform === 'win32';
/** As opposed to what `test/platforms/inapplicable.ts` knows. */
const isLinux = process.platform === 'linux' && process.env.INDELIBLE_TESTS_ON === undefined;

/** The behaviour suite runs once over each engine. Tests that change the working directory need a process. */
function behaviour(engine: EngineName): TestProjectInlineConfiguration {
  return {
    test: {
      name: engine,
      include: ['test/behaviour/**/*.test.ts', ...(isWindows ? ['test/platforms/windows.test.ts'] : [])],
      setupFiles: isLinux ? [] : ['test/platforms/setup.ts'],
      env: { INDELIBLE_ENGINE: engine },
      pool: 'forks',
      // How long a disk takes is not a matter of right or wrong.
      testTimeout: 0,
      hookTimeout: 0,
    },
  };
}

function project(name: string): TestProjectInlineConfiguration {
  return {
    test: { name, include: [`test/${name}/**/*.test.ts`], pool: 'forks', testTimeout: 0, hookTimeout: 0 },
  };
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
      project('unit'),
      ...engines.map(behaviour),
      project('cli'),
      project('page'),
      project('filesystems'),
      project('lab'),
      project('faults'),
      project('sanitizers'),
      project('package'),
    ],
  },
});
