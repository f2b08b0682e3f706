import { blockDeviceName } from './device.js';
import { type Ext4, readExt4 } from './ext4.js';
import { isExt, isFuse, isOnNetwork } from './filesystem-types.js';
import type { Machine } from './machine.js';
import { findMountByPath, type Mount } from './mounts.js';

/** A mounted filesystem, with the state of its driver. */
export interface MountedFilesystem {
  mount: Mount;
  /** The kernel's name of its block device. */
  device: string | undefined;
  /** Set if the ext4 driver serves it, which also serves ext2 and ext3. */
  ext4: Ext4 | undefined;
  /** The filesystem that stores the changes of an overlay, if it is visible. */
  upper: MountedFilesystem | undefined;
}

/** @param mounts all mounts. Only an overlay needs them. */
export function readMountedFilesystem(
  machine: Machine,
  mount: Mount,
  mounts: () => readonly Mount[],
): MountedFilesystem {
  const device = blockDeviceName(machine, mount.major, mount.minor);
  const upper = mount.type === 'overlay' ? findUpperMount(machine, mount, mounts()) : undefined;
  return {
    mount,
    device,
    ext4: device !== undefined && isExt(mount.type) ? readExt4(machine, device) : undefined,
    upper: upper && readMountedFilesystem(machine, upper, mounts),
  };
}

/**
 * The mount that stores the changes of an overlay. `undefined` if it is not visible: the path in the
 * overlay's options belongs to the mount namespace that created it, which for a container is usually the
 * host's.
 */
function findUpperMount(machine: Machine, overlay: Mount, mounts: readonly Mount[]): Mount | undefined {
  const directory = overlay.superOptions
    .find((option) => option.startsWith('upperdir='))
    ?.slice('upperdir='.length);
  if (directory === undefined) return undefined;
  const mount = findMountByPath(mounts, directory);
  if (mount === undefined || mount.id === overlay.id) return undefined;
  // In this namespace, the path may lead to a network or FUSE filesystem, and `isDirectory` would wait for
  // its server. What limits the durability there counts in any case.
  if (isOnNetwork(mount.type) || isFuse(mount.type)) return mount;
  return machine.isDirectory(directory) ? mount : undefined;
}
