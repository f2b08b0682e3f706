import { readdirSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Device } from '../../src/filesystem/device.js';
import type { Filesystem } from '../../src/filesystem/filesystem.js';
import type { Machine } from '../../src/filesystem/machine.js';

/** What the time of a sync depends on most. Only disks of the same kind can be compared with each other. */
export type DiskKind = 'rotating' | 'solid state' | 'virtual' | 'network' | 'fuse' | 'memory' | 'unknown';

export function diskKind({ warnings, device }: Pick<Filesystem, 'warnings' | 'device'>): DiskKind {
  const codes = warnings.map(({ code }) => code);
  if (codes.includes('memory') || codes.includes('memory-device')) return 'memory';
  if (codes.includes('network')) return 'network';
  if (codes.includes('fuse')) return 'fuse';
  const disks = device === undefined ? [] : disksOf(device);
  if (disks.length === 0) return 'unknown';
  if (disks.some(({ kind }) => kind === 'network')) return 'network';
  if (
    disks.some(({ rotational, virtual, kind }) => rotational === true && virtual !== true && kind === 'disk')
  ) {
    return 'rotating';
  }
  return disks.some(({ virtual, kind }) => virtual === true || kind === 'loop') ? 'virtual' : 'solid state';
}

/** The disks that a device is made of. */
export function disksOf(device: Device): Device[] {
  const below = device.backing?.device === undefined ? device.below : [device.backing.device];
  return below.length === 0 ? [device] : below.flatMap(disksOf);
}

/** The numbers that the kernel keeps about a disk, in the order of Documentation/block/stat.rst. */
export function readDiskStat(
  machine: Machine,
  { major, minor }: Pick<Device, 'major' | 'minor'>,
): number[] | undefined {
  return machine.read(`/sys/dev/block/${major}:${minor}/stat`)?.trim().split(/ +/).map(Number);
}

/** udev has a link here for each filesystem on a block device. */
const LINKS = '/dev/disk/by-uuid';

/** The UUID of the filesystem on the device. `null` if the links are hidden, as in a container. */
export function filesystemUuid(device: Device | undefined, links = LINKS): string | null {
  try {
    const uuids = device === undefined ? [] : readdirSync(links);
    return uuids.find((uuid) => basename(readlinkSync(join(links, uuid))) === device?.name) ?? null;
  } catch {
    return null;
  }
}
