import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { command } from '../command.js';
import { PROJECT_ROOT } from '../project-root.js';

/**
 * Debian's kernel series that the lab can boot: that of bookworm, and the newer one in its security archive.
 */
export const KERNEL_SERIES = ['6.1', '6.12'] as const;
export type KernelSeries = (typeof KERNEL_SERIES)[number];

/** A kernel that is unpacked but not installed. */
export interface Kernel {
  /** As `uname -r` prints it in the guest. */
  release: string;
  image: string;
  /** The directory that contains lib/modules. */
  root: string;
}

/** Debian's kernels for virtual machines. They have ext4 built in. */
const PACKAGE: Readonly<Record<KernelSeries, RegExp>> = {
  '6.1': /^linux-image-6\.1\.0-\d+-cloud-amd64-unsigned$/,
  '6.12': /^linux-image-6\.12\.\d+\+deb12-cloud-amd64-unsigned$/,
};

const kernels = new Map<KernelSeries, Promise<Kernel>>();

/** The newest kernel of a series that apt offers. It is downloaded once, into build/kernels. */
export function debianKernel(series: KernelSeries): Promise<Kernel> {
  const kernel = kernels.get(series) ?? fetchKernel(series);
  kernels.set(series, kernel);
  return kernel;
}

async function fetchKernel(series: KernelSeries): Promise<Kernel> {
  const name = await newestPackage(series);
  const folder = join(PROJECT_ROOT, 'build/kernels');
  const root = join(folder, name);
  if (!existsSync(root)) {
    await mkdir(folder, { recursive: true });
    const unpacked = await mkdtemp(`${root}-`);
    try {
      await command(
        'sh',
        '-c',
        'cd "$1" && apt-get download "$2" && dpkg-deb -x *.deb .',
        'sh',
        unpacked,
        name,
      );
      await command('depmod', '--basedir', unpacked, moduleRelease(unpacked));
      await rename(unpacked, root);
    } catch (error) {
      await rm(unpacked, { recursive: true, force: true });
      throw error;
    }
  }
  const release = moduleRelease(root);
  return { release, image: join(root, 'boot', `vmlinuz-${release}`), root };
}

async function newestPackage(series: KernelSeries): Promise<string> {
  const names = (await command('apt-cache', 'pkgnames', `linux-image-${series}`)).split('\n');
  const number = (name: string) => Number(/(\d+)(?:\+deb12)?-cloud/.exec(name)?.[1]);
  const newest = names
    .filter((name) => PACKAGE[series].test(name))
    .sort((a, b) => number(a) - number(b))
    .at(-1);
  if (newest === undefined)
    throw new Error(`apt offers no kernel ${series}: is its package list up to date?`);
  return newest;
}

function moduleRelease(root: string): string {
  const [release] = readdirSync(join(root, 'lib/modules'));
  if (release === undefined) throw new Error(`${root} has no modules`);
  return release;
}
