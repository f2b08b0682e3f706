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

/**
 * Debian's kernels for virtual machines have ext4 built in. Those for any machine (`generic`) have more modules, f2fs
 * and 9p among them.
 */
export type KernelFlavour = 'cloud' | 'generic';

const SUFFIX: Readonly<Record<KernelFlavour, string>> = { cloud: 'cloud-amd64', generic: 'amd64' };
/** The part of a package's name between `linux-image-` and the suffix. */
const VERSION: Readonly<Record<KernelSeries, string>> = {
  '6.1': String.raw`6\.1\.0-(\d+)`,
  '6.12': String.raw`6\.12\.(\d+)\+deb12`,
};

const kernels = new Map<string, Promise<Kernel>>();

/** The newest kernel of a series that apt offers. It is downloaded once, into build/kernels. */
export function debianKernel(series: KernelSeries, flavour: KernelFlavour = 'cloud'): Promise<Kernel> {
  const key = `${series} ${flavour}`;
  const kernel = kernels.get(key) ?? fetchKernel(series, flavour);
  kernels.set(key, kernel);
  return kernel;
}

async function fetchKernel(series: KernelSeries, flavour: KernelFlavour): Promise<Kernel> {
  const name = await newestPackage(series, flavour);
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

async function newestPackage(series: KernelSeries, flavour: KernelFlavour): Promise<string> {
  const names = (await command('apt-cache', 'pkgnames', `linux-image-${series}`)).split('\n');
  const name = new RegExp(`^linux-image-${VERSION[series]}-${SUFFIX[flavour]}-unsigned$`);
  const number = (candidate: string) => Number(name.exec(candidate)?.[1]);
  const newest = names
    .filter((candidate) => name.test(candidate))
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
