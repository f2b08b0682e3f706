// Checks with Clang's thread-safety analysis that guarded variables are used only while their mutex is held
// (native/platform/mutex.h). Uses the sources, definitions and include directories of node-gyp for Linux.
//   npm run check:threads
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

function run(command, args) {
  const { status, error, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  return { failed: error !== undefined || status !== 0, missing: error?.code === 'ENOENT', stdout, stderr };
}

/** The value of `name :=`, one item a line. */
function listIn(makefile, name) {
  const [, list = ''] = new RegExp(`^${name} :=((?:.*\\\\\\n)*.*)`, 'm').exec(makefile) ?? [];
  const items = list
    .split('\n')
    .map((line) => line.trim().replace(/ ?\\$/, ''))
    .filter((line) => line !== '');
  if (items.length === 0) throw new Error(`build/indelible.target.mk has no ${name}`);
  return items;
}

function check() {
  const configured = run(process.execPath, [
    join(root, 'node_modules/node-gyp/bin/node-gyp.js'),
    'configure',
  ]);
  if (configured.failed) throw new Error(configured.stderr);
  const makefile = readFileSync(join(root, 'build/indelible.target.mk'), 'utf8');
  const definitions = listIn(makefile, 'DEFS_Release').map((item) => item.replaceAll("'", ''));
  const includes = listIn(makefile, 'INCS_Release').map((item) => item.replace('$(srcdir)', root));
  const sources = listIn(makefile, 'OBJS').map(
    (object) => `${object.split('$(TARGET)/')[1].slice(0, -2)}.cc`,
  );
  const flags = [
    '-fsyntax-only',
    '-std=c++17',
    '-fno-exceptions',
    '-Wthread-safety',
    '-Werror=thread-safety',
  ];
  let failed = 0;
  for (const source of sources) {
    const { failed: wrong, stderr } = run('clang++', [...flags, ...definitions, ...includes, source]);
    process.stderr.write(stderr);
    if (wrong) failed += 1;
  }
  const rooms = new Set(sources.map((source) => dirname(source))).size;
  console.log(`${sources.length} sources in ${rooms} folders checked, ${failed} with errors`);
  return failed === 0;
}

const inCi = Boolean(process.env.CI);
if (process.platform !== 'linux' || run('clang++', ['--version']).missing) {
  console.log('check:threads does nothing: it is for Linux with clang++');
  if (inCi) process.exitCode = 1;
} else if (!check()) {
  process.exitCode = 1;
}
