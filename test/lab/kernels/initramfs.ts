import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { command } from '../command.js';
import { PROJECT_ROOT } from '../project-root.js';
import type { Workspace } from '../workspace.js';
import type { Kernel } from './debian-kernel.js';

/** What the guest needs beyond the kernel's built-in parts. */
const MODULES = ['virtio_pci', 'virtio_blk', 'ext4', 'xfs', 'btrfs'];
/** The library as it is built, the lab's programs, and what they load. */
const PROJECT = [
  'package.json',
  'dist',
  'build/Release/indelible.node',
  'build/test/lab',
  'node_modules/node-gyp-build',
];
const BUSYBOX = '/bin/busybox';
/** What the lab's memory pressure runs; BusyBox's own takes no option. */
const SYNC = '/bin/sync';

/**
 * Everything that the guest runs, as one file for the kernel to unpack: Node.js with its libraries, the project, the
 * modules, and a shell. The guest needs no other disk than the one that is crashed.
 *
 * The order, for the program that runs, and how the disk is mounted are written into its /init.
 */
export async function makeInitramfs(
  workspace: Workspace,
  kernel: Kernel,
  { init, name }: { init: string; name: string },
): Promise<string> {
  const root = workspace.path(`${name}.root`);
  for (const directory of ['bin', 'dev', 'proc', 'sys', 'tmp', 'modules', 'volume', 'indelible']) {
    mkdirSync(join(root, directory), { recursive: true });
  }
  cpSync(BUSYBOX, join(root, 'bin/busybox'));
  for (const path of PROJECT) {
    cpSync(join(PROJECT_ROOT, path), join(root, 'indelible', path), { recursive: true, dereference: true });
  }
  for (const [program, path] of [
    [process.execPath, '/bin/node'],
    [SYNC, SYNC],
  ] as const) {
    for (const library of await librariesOf(program)) copyTo(root, library, library);
    copyTo(root, program, path);
  }
  const modules = await unpackModules(kernel, join(root, 'modules'));
  const load = modules.map((module) => `insmod /modules/${module}`);
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

/** The shared libraries of a program, its loader among them, as ldd(1) finds them. */
async function librariesOf(program: string): Promise<string[]> {
  const lines = (await command('ldd', program)).split('\n');
  return lines
    .map((line) => /(?<path>\/\S+) \(0x/.exec(line)?.groups?.path)
    .filter((path) => path !== undefined);
}

/** Unpacks the modules and what they depend on, and returns their names in the order in which they load. */
async function unpackModules({ root, release }: Kernel, target: string): Promise<string[]> {
  const folder = join(root, 'lib/modules', release);
  const order = loadingOrder(readFileSync(join(folder, 'modules.dep'), 'utf8'), MODULES);
  for (const path of order) {
    const module = join(target, moduleFile(path));
    if (path.endsWith('.xz')) {
      await command('sh', '-c', 'xz --decompress --stdout "$1" > "$2"', 'sh', join(folder, path), module);
    } else {
      cpSync(join(folder, path), module);
    }
  }
  return order.map(moduleFile);
}

const moduleFile = (path: string) => basename(path).replace(/\.xz$/, '');

/**
 * The files of the modules and of everything they depend on, each behind what it depends on. Modules that are built in
 * have no line, and need none.
 *
 * @param dependencies modules.dep, as depmod(8) writes it: a file, a colon, the files it needs.
 */
export function loadingOrder(dependencies: string, names: readonly string[]): string[] {
  const needs = new Map(
    dependencies
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [file = '', needed = ''] = line.split(':');
        return [file, needed.split(' ').filter((path) => path !== '')];
      }),
  );
  const order = new Set<string>();
  const add = (file: string) => {
    for (const needed of needs.get(file) ?? []) add(needed);
    order.add(file);
  };
  for (const name of names) {
    const file = [...needs.keys()].find((path) => moduleFile(path) === `${name}.ko`);
    if (file !== undefined) add(file);
  }
  return [...order];
}
