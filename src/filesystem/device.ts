import { posix } from 'node:path';
import type { Machine } from './machine.js';
import { findMountByPath, type Mount } from './mounts.js';

/** A block device and what it is made of, down to the disks. `'unknown'` is what the kernel does not tell. */
export interface Device {
  /** The kernel's name: `nvme0n1p2`, `dm-0`. */
  name: string;
  major: number;
  minor: number;
  kind: 'disk' | 'partition' | 'loop' | 'device-mapper' | 'md' | 'memory' | 'network';
  /** Its size. */
  bytes: number | undefined;
  /** What a disk calls itself, a device-mapper volume its name, an md array its level. */
  model: string | undefined;
  /** How a disk is attached: `ata`, `nvme`, `usb`, `virtio`. */
  bus: string | undefined;
  /** Whether a disk is one that a hypervisor makes up. */
  virtual: boolean | 'unknown';
  rotational: boolean | 'unknown';
  /** Whether the kernel takes the device to have a cache that loses writes, and so flushes it. */
  writeCache: WriteCache;
  /** What the disk itself has told about its cache, where the kernel passes that on. */
  reportedCache: WriteCache;
  /** Whether single writes can be sent through the cache (FUA). */
  forceUnitAccess: boolean | 'unknown';
  /** What a loop device shows as a disk. */
  backing: BackingFile | undefined;
  /** What this device is made of: a partition's disk, the members of an array. */
  below: Device[];
}

/** `'write back'` loses what has not been flushed when the power ends. */
export type WriteCache = 'write back' | 'write through' | 'unknown';

/** The file behind a loop device. */
export interface BackingFile {
  path: string;
  /** The type of the filesystem that the file is on, if that can be seen from here. */
  filesystem: string | undefined;
  device: Device | undefined;
}

/** More than any real stack; ends the search should the kernel describe a circle. */
const DEEPEST = 16;

/** Describes the device with this number; `undefined` if there is no such block device, or `/sys` hides it. */
export function readDevice(
  machine: Machine,
  mounts: readonly Mount[],
  number: { major: number; minor: number },
  depth = 0,
): Device | undefined {
  const { major, minor } = number;
  const name = blockDeviceName(machine, major, minor);
  const directory = machine.follow(`/sys/dev/block/${major}:${minor}`);
  if (name === undefined || directory === undefined || depth > DEEPEST) return undefined;
  const kind = readKind(machine, directory);
  // A partition has the queue of its disk.
  const queue = kind === 'partition' ? `${posix.dirname(directory)}/queue` : `${directory}/queue`;
  return {
    name,
    major,
    minor,
    kind,
    bytes: readSize(machine, directory),
    ...readIdentity(machine, directory, kind),
    rotational: readFlag(machine, `${queue}/rotational`),
    writeCache: asWriteCache(machine.read(`${queue}/write_cache`)),
    reportedCache: kind === 'disk' ? readReportedCache(machine, directory) : 'unknown',
    forceUnitAccess: readFlag(machine, `${queue}/fua`),
    backing: readBackingFile(machine, mounts, directory, depth),
    below: partsOf(machine, directory, kind)
      .map((part) => readDevice(machine, mounts, part, depth + 1))
      .filter((device) => device !== undefined),
  };
}

/** Finds the device of a filesystem that has no device number of its own, such as btrfs, by the mount's source. */
export function findDeviceNumber(
  machine: Machine,
  source: string,
): { major: number; minor: number } | undefined {
  if (!source.startsWith('/dev/')) return undefined;
  const name = source.startsWith('/dev/mapper/')
    ? findMappedDevice(machine, posix.basename(source))
    : posix.basename(source);
  return name === undefined ? undefined : parseNumber(machine.read(`/sys/class/block/${name}/dev`));
}

function findMappedDevice(machine: Machine, volume: string): string | undefined {
  return machine
    .list('/sys/class/block')
    ?.find((name) => machine.read(`/sys/class/block/${name}/dm/name`) === volume);
}

function readKind(machine: Machine, directory: string): Device['kind'] {
  const name = posix.basename(directory);
  if (machine.read(`${directory}/partition`) !== undefined) return 'partition';
  if (machine.read(`${directory}/dm/name`) !== undefined) return 'device-mapper';
  if (machine.list(`${directory}/md`) !== undefined) return 'md';
  if (/^loop\d+$/.test(name)) return 'loop';
  if (/^z?ram\d+$/.test(name)) return 'memory';
  if (/^(nbd|rbd|drbd)\d+$/.test(name)) return 'network';
  return 'disk';
}

function readIdentity(
  machine: Machine,
  directory: string,
  kind: Device['kind'],
): Pick<Device, 'model' | 'bus' | 'virtual'> {
  const other = { bus: undefined, virtual: 'unknown' } as const;
  if (kind === 'device-mapper') return { model: machine.read(`${directory}/dm/name`), ...other };
  if (kind === 'md') return { model: machine.read(`${directory}/md/level`), ...other };
  if (kind !== 'disk') return { model: undefined, ...other };
  const model = readModel(machine, `${directory}/device`);
  const bus = BUSES.find(([, pattern]) => pattern.test(directory))?.[0];
  const virtual = bus === 'virtio' || bus === 'xen' || (model !== undefined && HYPERVISOR.test(model));
  return { model, bus, virtual: virtual || (model === undefined ? 'unknown' : false) };
}

/** By the path of the device under `/sys/devices`; a disk in a USB enclosure goes through SCSI as well. */
const BUSES: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['usb', /\/usb\d+\//],
  ['virtio', /\/virtio\d+\//],
  ['xen', /\/vbd-\d+\//],
  ['nvme', /\/nvme/],
  ['ata', /\/ata\d+\//],
  ['mmc', /\/mmc_host\//],
  ['scsi', /\/host\d+\//],
];

/** How the disks of VMware, VirtualBox, QEMU, Hyper-V, EC2 and Google's cloud call themselves. */
const HYPERVISOR =
  /VMware|VBOX|QEMU|Virtual Disk|Msft|MSFT|Amazon Elastic Block Store|Amazon EC2|PersistentDisk|nvme_card/;

function readModel(machine: Machine, device: string): string | undefined {
  const model = machine.read(`${device}/model`)?.trim() ?? machine.read(`${device}/name`)?.trim();
  const vendor = machine.read(`${device}/vendor`)?.trim();
  // For SATA disks the vendor is `ATA`, for PCI devices a number.
  if (model === undefined || vendor === undefined || /^(ATA|0x.*|)$/.test(vendor)) return model;
  return `${vendor} ${model}`;
}

/** From the SCSI disk's caching mode page, or the virtio device's configuration. */
function readReportedCache(machine: Machine, directory: string): WriteCache {
  const [address] = machine.list(`${directory}/device/scsi_disk`) ?? [];
  const file =
    address === undefined ? `${directory}/cache_type` : `${directory}/device/scsi_disk/${address}/cache_type`;
  return asWriteCache(machine.read(file));
}

/** The kernel counts in sectors of 512 bytes, whatever the device's own are. */
function readSize(machine: Machine, directory: string): number | undefined {
  const sectors = Number(machine.read(`${directory}/size`) ?? Number.NaN);
  return Number.isFinite(sectors) ? sectors * 512 : undefined;
}

function readFlag(machine: Machine, path: string): boolean | 'unknown' {
  const text = machine.read(path);
  if (text === '1') return true;
  return text === '0' ? false : 'unknown';
}

/** SCSI knows `write back, no read (daft)` as well. */
function asWriteCache(text: string | undefined): WriteCache {
  if (text?.startsWith('write back')) return 'write back';
  return text?.startsWith('write through') || text === 'none' ? 'write through' : 'unknown';
}

function readBackingFile(
  machine: Machine,
  mounts: readonly Mount[],
  directory: string,
  depth: number,
): BackingFile | undefined {
  const path = machine.read(`${directory}/loop/backing_file`);
  if (path === undefined) return undefined;
  const mount = findMountByPath(mounts, path);
  return {
    path,
    filesystem: mount?.type,
    device: mount && readDevice(machine, mounts, mount, depth + 1),
  };
}

function partsOf(
  machine: Machine,
  directory: string,
  kind: Device['kind'],
): { major: number; minor: number }[] {
  const parts =
    kind === 'partition'
      ? [posix.dirname(directory)]
      : (machine.list(`${directory}/slaves`) ?? []).map((name) => `${directory}/slaves/${name}`);
  return parts
    .map((part) => parseNumber(machine.read(`${part}/dev`)))
    .filter((number) => number !== undefined);
}

function parseNumber(text: string | undefined): { major: number; minor: number } | undefined {
  const [, major, minor] = /^(\d+):(\d+)$/.exec(text ?? '') ?? [];
  return major === undefined || minor === undefined
    ? undefined
    : { major: Number(major), minor: Number(minor) };
}

/**
 * What the kernel calls a block device, `nvme0n1p2` or `dm-0`: the name under which ext4, jbd2 and XFS list the
 * filesystem on it in `/proc/fs` and `/sys/fs`.
 */
export function blockDeviceName(machine: Machine, major: number, minor: number): string | undefined {
  const path = machine.follow(`/sys/dev/block/${major}:${minor}`);
  return path === undefined ? undefined : posix.basename(path);
}
