import { blockDeviceName } from './device.js';
import { type Ext4, readExt4 } from './ext4.js';
import { isExt } from './filesystem-types.js';
import type { Machine } from './machine.js';
import type { Mount } from './mounts.js';
import { findUpperMount } from './overlay.js';

/** A mounted filesystem, with what the kernel tells about its driver's state. */
export interface MountedFilesystem {
  mount: Mount;
  /** The block device that it is on, by the kernel's name. */
  device: string | undefined;
  /** If the ext4 driver serves it, as it does ext2 and ext3. */
  ext4: Ext4 | undefined;
  /** What an overlay keeps its changes on, if that can be seen. */
  upper: MountedFilesystem | undefined;
}

export function readMountedFilesystem(
  machine: Machine,
  mount: Mount,
  mounts: readonly Mount[],
): MountedFilesystem {
  const device = blockDeviceName(machine, mount.major, mount.minor);
  const upper = mount.type === 'overlay' ? findUpperMount(machine, mount, mounts) : undefined;
  return {
    mount,
    device,
    ext4: device !== undefined && isExt(mount.type) ? readExt4(machine, device) : undefined,
    upper: upper && readMountedFilesystem(machine, upper, mounts),
  };
}
