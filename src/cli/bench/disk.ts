import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Mount, parseMounts } from '../../filesystem/mounts.js';

/** What a benchmark's numbers are about. Each part is `null` where the system does not tell. */
export interface DiskHead {
  filesystem: string | null;
  mountPoint: string | null;
  /** What is mounted: a device, as a rule. */
  source: string | null;
  /** The mount's own options, then the filesystem's. */
  options: string | null;
  device: BlockDevice | null;
}

export interface BlockDevice {
  name: string;
  bytes: number;
  /** As the kernel has it; of virtual disks it is often wrong. */
  rotational: boolean;
  /** `write back`: the device acknowledges writes that a power failure loses unless they are flushed. */
  writeCache: string | null;
  /** The model of a disk, the file behind a loop device, the name of a mapped one. */
  model: string | null;
}

/** Looks up the filesystem and the block device under a directory; on Linux, in `/proc` and `/sys`. */
export async function diskUnder(directory: string): Promise<DiskHead> {
  const table = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '');
  const mount = mountOf(await realpath(directory), parseMounts(table));
  if (mount === undefined) {
    return { filesystem: null, mountPoint: null, source: null, options: null, device: null };
  }
  return {
    filesystem: mount.type,
    mountPoint: mount.point,
    source: mount.source,
    options: [...new Set([...mount.options, ...mount.superOptions])].join(','),
    device: await blockDevice(await deviceNumber(mount)),
  };
}

/** The deepest mount that holds the path; of two on the same directory, the later one, which covers the other. */
function mountOf(path: string, table: readonly Mount[]): Mount | undefined {
  let deepest: Mount | undefined;
  for (const mount of table) {
    const prefix = mount.point.endsWith('/') ? mount.point : `${mount.point}/`;
    const holds = `${path}/`.startsWith(prefix);
    if (holds && mount.point.length >= (deepest?.point.length ?? 0)) deepest = mount;
  }
  return deepest;
}

/** btrfs and others that span devices mount under a number of their own; their source has the real one. */
async function deviceNumber({ major, minor, source }: Mount): Promise<string> {
  if (major !== 0 || !source.startsWith('/dev/')) return `${major}:${minor}`;
  const rdev = await stat(source).then(
    (stats) => stats.rdev,
    () => 0,
  );
  // As the C library's gnu_dev_major and gnu_dev_minor take a 32-bit number apart.
  return `${(rdev >>> 8) & 0xfff}:${(rdev & 0xff) | ((rdev >>> 12) & 0xfff00)}`;
}

async function blockDevice(number: string): Promise<BlockDevice | null> {
  const device = await realpath(`/sys/dev/block/${number}`).catch(() => null);
  if (device === null) return null;
  const isPartition = (await attribute(device, 'partition')) !== null;
  const disk = isPartition ? dirname(device) : device;
  return {
    name: basename(device),
    // In sectors of 512 bytes, whatever the device's own sectors are.
    bytes: Number(await attribute(device, 'size')) * 512,
    rotational: (await attribute(disk, 'queue/rotational')) === '1',
    writeCache: await attribute(disk, 'queue/write_cache'),
    model:
      (await attribute(disk, 'device/model')) ??
      (await attribute(disk, 'loop/backing_file')) ??
      (await attribute(disk, 'dm/name')),
  };
}

async function attribute(device: string, name: string): Promise<string | null> {
  return readFile(join(device, name), 'utf8').then(
    (text) => text.trim(),
    () => null,
  );
}
