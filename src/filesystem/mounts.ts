import type { AbsolutePath } from '../base/path.js';
import type { Machine } from './machine.js';

/** One line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)). */
export interface Mount {
  id: number;
  major: number;
  minor: number;
  /** The part of the filesystem that is mounted here: `/`, or what was bind-mounted. */
  root: string;
  point: string;
  /** Of this mount: `rw`, `relatime`. */
  options: string[];
  type: string;
  source: string;
  /** Of the filesystem, wherever it is mounted. Options that are the filesystem's own default are not listed. */
  superOptions: string[];
  /** The line itself. */
  line: string;
}

/** Which directory is looked at, as the kernel identifies it. */
export interface Location {
  directory: AbsolutePath;
  /** Of the device number that `stat` gives. */
  major: number;
  minor: number;
  /** As statx(2) gives it with STATX_MNT_ID, since Linux 5.8. */
  mountId: number | undefined;
}

export const MOUNT_TABLE = '/proc/self/mountinfo';

/** The mounts that this process sees, in the order in which they were made; `undefined` where that is hidden. */
export function readMounts(machine: Machine): Mount[] | undefined {
  const text = machine.read(MOUNT_TABLE);
  return text === undefined ? undefined : parseMounts(text);
}

export function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap(parseLine);
}

function parseLine(line: string): Mount[] {
  // Between the sixth field and the dash is any number of optional ones.
  const [before, after] = line.split(' - ');
  const [id, , device, root, point, options] = before?.split(' ') ?? [];
  const [type, source, superOptions] = after?.split(' ') ?? [];
  const [major, minor] = device?.split(':').map(Number) ?? [];
  if (
    major === undefined ||
    minor === undefined ||
    root === undefined ||
    point === undefined ||
    options === undefined ||
    type === undefined ||
    source === undefined
  ) {
    return [];
  }
  return [
    {
      id: Number(id),
      major,
      minor,
      root: decodeOctal(root),
      point: decodeOctal(point),
      options: options.split(','),
      type,
      source: decodeOctal(source),
      superOptions: superOptions === undefined ? [] : superOptions.split(',').map(decodeOctal),
      line,
    },
  ];
}

/** The kernel writes space, tab, newline and backslash as three octal digits. */
function decodeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/**
 * The mount that a location is on: by its mount id, else by its device. `undefined` if the table does not show it,
 * or shows another filesystem under the id than the one the location was found on.
 */
export function findMount(mounts: readonly Mount[], location: Location): Mount | undefined {
  if (location.mountId !== undefined) {
    const mount = mounts.find(({ id }) => id === location.mountId);
    // btrfs gives every subvolume a device number of its own, and the table shows another.
    const same = mount && (isOnDevice(mount, location) || (mount.type === 'btrfs' && location.major === 0));
    return same ? mount : undefined;
  }
  // Type and super options belong to the filesystem, so any mount of it answers for them; the one that the path
  // goes through has the right mount point as well.
  const candidates = mounts.filter((mount) => isOnDevice(mount, location));
  return findMountByPath(candidates, location.directory.toString()) ?? candidates.at(-1);
}

/** The mount that a path without symbolic links goes through last. A later mount hides the earlier ones. */
export function findMountByPath(mounts: readonly Mount[], path: string): Mount | undefined {
  return mounts
    .filter(({ point }) => isWithin(path, point))
    .reduce<Mount | undefined>(
      (best, mount) => (best && best.point.length > mount.point.length ? best : mount),
      undefined,
    );
}

function isOnDevice(mount: Mount, location: Location): boolean {
  return mount.major === location.major && mount.minor === location.minor;
}

function isWithin(path: string, directory: string): boolean {
  return directory === '/' || path === directory || path.startsWith(`${directory}/`);
}
