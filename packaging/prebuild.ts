/**
 * Has prebuildify make the addon for every supported system, and examines the results.
 *
 *     npm run prebuilds [-- --only linux-x64,linux-x64-musl]
 *     npm run prebuilds -- --here                        only for this machine, with node-gyp and the machine's compiler
 *     npm run prebuilds:check [-- --only linux-x64]       examines the existing files, and compiles nothing
 *
 * prebuilds/README.md explains the toolchain. Fails if a prebuild cannot be compiled, or has a fault.
 */
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { markdownTable } from 'markdown-table';
import { binaryReader } from './prebuild/binary.js';
import { examinePrebuild } from './prebuild/check.js';
import { prebuildPath, type Target, targetName, targets } from './prebuild/targets.js';
import { toolchain } from './prebuild/toolchain.js';
import { outputOf, projectRoot } from './run.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    here: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});
const only = values.only?.split(',');
const unknown = only?.filter((name) => !targets.some((target) => targetName(target) === name)) ?? [];
if (unknown.length > 0) throw new Error(`There is no target ${unknown.join(', ')}`);

if (values.here) prebuildHere();
else prebuildAll(targets.filter((target) => only?.includes(targetName(target)) !== false));

/** What prebuildify makes by itself. It needs the C++ library of this machine, so it is not for others. */
function prebuildHere() {
  const target = targets.find(
    ({ platform, arch, libc }) =>
      platform === process.platform && arch === process.arch && (libc === undefined || libc === libcHere()),
  );
  if (target === undefined) {
    throw new Error(`There is no target for ${process.platform} on ${process.arch}`);
  }
  const output = prebuildify(target, '--strip');
  console.log(`${output}: ${statSync(output).size} bytes, for this machine`);
}

function prebuildAll(chosen: readonly Target[]) {
  const missing = chosen.filter(
    (target) => !existsSync(join(projectRoot, 'prebuilds', prebuildPath(target))),
  );
  if (values.check && missing.length > 0) {
    process.stderr.write(
      `The package needs the addon for every system. It is missing for ${missing.map(targetName).join(', ')}: npm run prebuilds\n`,
    );
    process.exit(1);
  }
  const reader = binaryReader();
  if (reader === undefined) throw new Error('The prebuilds are read with llvm-readobj: apt-get install llvm');
  const nodeApi = new Set(toolchain().nodeApi());
  const crossCompiler = fileURLToPath(new URL('prebuild/cross-compile.js', import.meta.url));
  chmodSync(crossCompiler, 0o755);
  const rows: string[][] = [];
  for (const target of chosen) {
    const name = targetName(target);
    if (!values.check) {
      process.stderr.write(`${name}\n`);
      prebuildify(target, '--node-gyp', crossCompiler);
    }
    const path = join(projectRoot, 'prebuilds', prebuildPath(target));
    const { bytes, asksFor, faults } = examinePrebuild(target, path, reader, nodeApi);
    if (faults.length > 0) process.exitCode = 1;
    rows.push([name, String(bytes), asksFor, faults.length > 0 ? faults.join('; ') : 'passes']);
  }
  console.log(
    markdownTable([['system', 'bytes', 'needs', 'result'], ...rows], { align: ['l', 'r', 'l', 'l'] }),
  );
}

/** Makes one prebuild, in a directory of its own: node-gyp deletes `build`, where this program is. */
function prebuildify(target: Target, ...options: readonly string[]): string {
  const { platform, arch, libc } = target;
  const output = join(projectRoot, 'prebuilds', prebuildPath(target));
  const directory = join(projectRoot, 'build/prebuild', targetName(target));
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const file of ['binding.gyp', 'package.json']) {
    copyFileSync(join(projectRoot, file), join(directory, file));
  }
  for (const name of ['native', 'node_modules']) {
    symlinkSync(join(projectRoot, name), join(directory, name), 'junction');
  }
  // After a failure, an old file must not be taken for a new one.
  rmSync(output, { force: true });
  outputOf(
    process.execPath,
    [
      createRequire(import.meta.url).resolve('prebuildify/bin.js'),
      ...['--napi', '--name', 'indelible', '--target', process.versions.node],
      ...['--platform', platform, '--arch', arch],
      ...(libc === undefined ? [] : ['--libc', libc, '--tag-libc']),
      ...['--cwd', directory, '--out', projectRoot, ...options],
    ],
    {
      cwd: directory,
      stdio: ['ignore', process.stderr.fd, process.stderr.fd],
      env: { ...process.env, ...headersOfNode() },
    },
  );
  return output;
}

/** Node.js's headers where they stand beside it: node-gyp would download them. */
function headersOfNode(): NodeJS.ProcessEnv {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  return existsSync(join(prefix, 'include/node/node_api.h')) ? { npm_config_nodedir: prefix } : {};
}

function libcHere(): 'glibc' | 'musl' {
  return existsSync('/etc/alpine-release') ? 'musl' : 'glibc';
}
