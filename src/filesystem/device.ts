import { posix } from 'node:path';
import type { Machine } from './machine.js';
import { findMountByPath, type Mount } from './mounts.js';

/**
 * A block device and the devices below it, down to the disks. `'unknown'`: the kernel does not say.
 *
 * @category inspect
 */
export interface Device {
  /** The kernel's name, such as `nvme0n1p2` or `dm-0`. */
  name: string;
  major: number;
  minor: number;
  kind: 'disk' | 'partition' | 'loop' | 'device-mapper' | 'md' | 'memory' | 'network';
  /** The size of the device. */
  bytes: number | undefined;
  /** The model of a disk, the name of a device-mapper volume, or the level of an md array. */
  model: string | undefined;
  /** How a disk is attached, such as `ata`, `nvme`, `usb` or `virtio`. */
  bus: string | undefined;
  /** Whether a hypervisor provides the disk. */
  virtual: boolean | 'unknown';
  rotational: boolean | 'unknown';
  /** Whether the kernel assumes a cache that loses writes. Only then does it flush the device. */
  writeCache: WriteCache;
  /** What the disk itself reports about its cache, if the kernel shows it. */
  reportedCache: WriteCache;
  /** Whether a single write can bypass the cache (FUA). */
  forceUnitAccess: boolean | 'unknown';
  /** The file behind a loop device. */
  backing: BackingFile | undefined;
  /** The devices below this one: the disk of a partition, the members of an array. */
  below: Device[];
}

/**
 * A `'write back'` cache loses unflushed writes when the power fails.
 *
 * @category inspect
 */
export type WriteCache = 'write back' | 'write through' | 'unknown';

/**
 * The file behind a loop device.
 *
 * @category inspect
 */
export interface BackingFile {
  path: string;
  /** The type of the filesystem that the file is on, if it is visible here. */
  filesystem: string | undefined;
  device: Device | undefined;
}

/** More than any real stack has. Ends the search if the kernel describes a cycle. */
const MAX_DEPTH = 16;

/** @returns `undefined` if there is no block device with this number, or if `/sys` hides it. */
export function readDevice(
  machine: Machine,
  mounts: readonly Mount[],
  number: { major: number; minor: number },
  depth = 0,
): Device | undefined {
  const { major, minor } = number;
  const name = blockDeviceName(machine, major, minor);
  const directory = machine.follow(`/sys/dev/block/${major}:${minor}`);
  if (name === undefined || directory === undefined || depth > MAX_DEPTH) return undefined;
  const kind = readKind(machine, directory);
  // A partition uses the queue of its disk.
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

/**
 * Finds the device by the mount's source, for filesystems without a device number of their own, such as
 * btrfs.
 */
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
  const virtual =
    bus === 'virtio' || bus === 'xen' || (model !== undefined && VIRTUAL_DISK_MODEL.test(model));
  return { model, bus, virtual: virtual || (model === undefined ? 'unknown' : false) };
}

/**
 * Matched in this order against the device's path under `/sys/devices`: the path of a USB disk also contains
 * a SCSI host.
 */
const BUSES: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['usb', /\/usb\d+\//],
  ['virtio', /\/virtio\d+\//],
  ['xen', /\/vbd-\d+\//],
  ['nvme', /\/nvme/],
  ['ata', /\/ata\d+\//],
  ['mmc', /\/mmc_host\//],
  ['scsi', /\/host\d+\//],
];

/** The disk models of VMware, VirtualBox, QEMU, Hyper-V, EC2 and Google Cloud. */
const VIRTUAL_DISK_MODEL =
  /VMware|VBOX|QEMU|Virtual Disk|Msft|MSFT|Amazon Elastic Block Store|Amazon EC2|PersistentDisk|nvme_card/;

function readModel(machine: Machine, device: string): string | undefined {
  const model = machine.read(`${device}/model`)?.trim() ?? machine.read(`${device}/name`)?.trim();
  const vendor = machine.read(`${device}/vendor`)?.trim();
  // The vendor is `ATA` for SATA disks, and a number for PCI devices.
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

/** The kernel always counts sectors of 512 bytes. */
function readSize(machine: Machine, directory: string): number | undefined {
  const sectors = Number(machine.read(`${directory}/size`) ?? Number.NaN);
  return Number.isFinite(sectors) ? sectors * 512 : undefined;
}

function readFlag(machine: Machine, path: string): boolean | 'unknown' {
  const text = machine.read(path);
  if (text === '1') return true;
  return text === '0' ? false : 'unknown';
}

/** SCSI also has `write back, no read (daft)`. */
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
 * The kernel's name of a block device, such as `nvme0n1p2` or `dm-0`. ext4, jbd2 and XFS use it in `/proc/fs`
 * and `/sys/fs` for the filesystem on that device.
 */
export function blockDeviceName(machine: Machine, major: number, minor: number): string | undefined {
  const path = machine.follow(`/sys/dev/block/${major}:${minor}`);
  return path === undefined ? undefined : posix.basename(path);
}
