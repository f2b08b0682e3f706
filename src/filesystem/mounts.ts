import type { AbsolutePath } from '../base/path.js';
import type { Machine } from './machine.js';

/** One line of `/proc/self/mountinfo` (proc_pid_mountinfo(5)). */
export interface Mount {
  id: number;
  major: number;
  minor: number;
  /** The part of the filesystem that is mounted here: `/`, or the bind-mounted file or directory. */
  root: string;
  point: string;
  /** The options of this mount, such as `rw` or `relatime`. */
  options: string[];
  type: string;
  source: string;
  /**
   * The options of the filesystem, the same for all its mounts. The filesystem's own defaults are not listed.
   */
  superOptions: string[];
  /** The line itself. */
  line: string;
}

/** A directory, and the numbers by which the kernel identifies its filesystem. */
export interface Location {
  directory: AbsolutePath;
  /** Part of the device number from `stat`. */
  major: number;
  minor: number;
  /** From statx(2) with STATX_MNT_ID, since Linux 5.8, or from `/proc/self/fdinfo`. */
  mountId: number | undefined;
}

export const MOUNT_TABLE = '/proc/self/mountinfo';

/** The mounts that this process sees, in the order of their creation; `undefined` if the table is hidden. */
export function readMounts(machine: Machine): Mount[] | undefined {
  const text = machine.read(MOUNT_TABLE);
  return text === undefined ? undefined : parseMounts(text);
}

export function parseMounts(text: string): Mount[] {
  return text.split('\n').flatMap(parseLine);
}

function parseLine(line: string): Mount[] {
  // Any number of optional fields is between the sixth field and the dash.
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

/** The kernel writes a space, tab, newline or backslash as `\` and three octal digits. */
function decodeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/**
 * Finds the mount of a location by its mount id, or else by its device. `undefined` if the table does not
 * list it, or if the table now lists another filesystem with that mount id.
 */
export function findMount(mounts: readonly Mount[], location: Location): Mount | undefined {
  if (location.mountId !== undefined) {
    const mount = mounts.find(({ id }) => id === location.mountId);
    // Every btrfs subvolume has its own device number, and the table lists a different one.
    const same = mount && (isOnDevice(mount, location) || (mount.type === 'btrfs' && location.major === 0));
    return same ? mount : undefined;
  }
  // Type and super options belong to the filesystem, so any mount of it has them. The mount on the path also
  // has the right mount point.
  const candidates = mounts.filter((mount) => isOnDevice(mount, location));
  return findMountByPath(candidates, location.directory.toString()) ?? candidates.at(-1);
}

/**
 * The same as `findMount` with all mounts, for a table that may have thousands: it is read only up to the
 * mount id, and only the line of the mount is parsed.
 */
export function readMount(machine: Machine, location: Location): Mount | undefined {
  const id = location.mountId;
  const candidates: { line: string; point: string }[] = [];
  for (const line of machine.lines(MOUNT_TABLE)) {
    if (id === undefined) {
      const [, major, minor, point] = BEGINNING.exec(line) ?? [];
      if (point !== undefined && Number(major) === location.major && Number(minor) === location.minor)
        candidates.push({ line, point: decodeOctal(point) });
    } else if (line.startsWith(`${id} `)) {
      return findMount(parseLine(line), location);
    }
  }
  const found = findMountByPath(candidates, location.directory.toString()) ?? candidates.at(-1);
  return found && findMount(parseLine(found.line), location);
}

/** Of a line, up to the mount point. */
const BEGINNING = /^\d+ \d+ (\d+):(\d+) \S+ (\S+) /;

/**
 * The innermost mount on a path without symbolic links. A later mount at the same point hides the earlier
 * ones.
 */
export function findMountByPath<T extends Pick<Mount, 'point'>>(
  mounts: readonly T[],
  path: string,
): T | undefined {
  return mounts
    .filter(({ point }) => isWithin(path, point))
    .reduce<T | undefined>(
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
