import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { command } from '../command.js';
import { PROJECT_ROOT } from '../project-root.js';
import type { Workspace } from '../workspace.js';
import type { Kernel } from './debian-kernel.js';

/** What a scenario needs. Some kernels have some of these built in. */
const MODULES = ['virtio_pci', 'virtio_blk', 'ext4', 'xfs', 'btrfs'];
/** The built library, the lab's programs, and the packages that they load. */
const PROJECT = [
  'package.json',
  'dist',
  'build/Release/indelible.node',
  'build/test/lab',
  'node_modules/node-gyp-build',
];
const BUSYBOX = '/bin/busybox';

/** What an initramfs contains besides a shell. */
export interface InitramfsOptions {
  name: string;
  /** The commands that /init runs when the modules are loaded. */
  init: string;
  modules?: readonly string[];
}

/**
 * Makes one file with everything that the guest of a scenario runs: Node.js with its libraries, the project, the
 * modules, and a shell. The kernel unpacks it, so the guest needs no disk but the one that is crashed.
 *
 * @returns the path of the file, an initramfs in cpio format.
 */
export function makeInitramfs(
  workspace: Workspace,
  kernel: Kernel,
  options: InitramfsOptions,
): Promise<string> {
  return makeSmallInitramfs(workspace, kernel, options, async (root) => {
    for (const path of PROJECT) {
      cpSync(join(PROJECT_ROOT, path), join(root, 'indelible', path), { recursive: true, dereference: true });
    }
    for (const library of await librariesOf(process.execPath)) copyTo(root, library, library);
    copyTo(root, process.execPath, '/bin/node');
  });
}

/** Makes an initramfs with a shell, the modules, and what `fill` copies into its directory. */
export async function makeSmallInitramfs(
  workspace: Workspace,
  kernel: Kernel,
  { init, name, modules = MODULES }: InitramfsOptions,
  fill: (root: string) => Promise<void> = async () => {},
): Promise<string> {
  const root = workspace.path(`${name}.root`);
  for (const directory of ['bin', 'dev', 'proc', 'sys', 'tmp', 'modules', 'volume', 'indelible']) {
    mkdirSync(join(root, directory), { recursive: true });
  }
  cpSync(BUSYBOX, join(root, 'bin/busybox'));
  await fill(root);
  const unpacked = await unpackModules(kernel, modules, join(root, 'modules'));
  const load = unpacked.map((module) => `insmod /modules/${module}`);
  writeFileSync(join(root, 'init'), ['#!/bin/busybox sh', START, ...load, init].join('\n'), { mode: 0o755 });
  const file = workspace.path(`${name}.cpio`);
  await command('sh', '-c', 'cd "$1" && find . | cpio --quiet -o -H newc > "$2"', 'sh', root, file);
  await command('rm', '-r', root);
  return file;
}

const START = `
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
`;

function copyTo(root: string, from: string, to: string): void {
  mkdirSync(dirname(join(root, to)), { recursive: true });
  cpSync(from, join(root, to), { dereference: true });
}

/** The shared libraries of a program and its loader, found by ldd(1). */
async function librariesOf(program: string): Promise<string[]> {
  const lines = (await command('ldd', program)).split('\n');
  return lines
    .map((line) => /(?<path>\/\S+) \(0x/.exec(line)?.groups?.path)
    .filter((path) => path !== undefined);
}

/** Unpacks the modules and their dependencies. Returns their file names in the order in which they load. */
async function unpackModules(kernel: Kernel, modules: readonly string[], target: string): Promise<string[]> {
  const names: string[] = [];
  for (const path of await modulesToLoad(kernel, modules)) {
    const name = basename(path).replace(/\.xz$/, '');
    if (path.endsWith('.xz')) {
      await command('sh', '-c', 'xz --decompress --stdout "$1" > "$2"', 'sh', path, join(target, name));
    } else {
      cpSync(path, join(target, name));
    }
    names.push(name);
  }
  return names;
}

/**
 * The files of the modules and their dependencies, each after its own. Modules that are built in need no
 * file.
 */
async function modulesToLoad(
  { root, release }: Kernel,
  modules: readonly string[],
): Promise<Iterable<string>> {
  // An empty configuration: the one of this machine does not concern the guest.
  const options = ['--config', '/dev/null', '--dirname', root, '--set-version', release];
  const printed = await command('modprobe', ...options, '--show-depends', '--all', ...modules);
  return new Set([...printed.matchAll(/^insmod (\S+)/gm)].flatMap(([, path]) => path ?? []));
}
