import { command } from './command.js';
import { attachLoop, detachLoop, format, sizeOf } from './filesystems.js';
import type { LabMount } from './mounts.js';

/** A disk to crash, as block devices. */
export interface AttachedDisk {
  /** The filesystem's device. */
  device: string;
  /** The device of an external journal. */
  journal?: string;
  /** How it is mounted. */
  mount: LabMount;
}

/** Bytes of the whole disk: the filesystem, and after it the external journal if there is one. */
export function diskSizeOf(mount: LabMount): number {
  return sizeOf(mount) + (mount.externalJournal ?? 0);
}

/** Attaches an image to loop devices, one for each part. A flush of one device flushes the whole disk. */
export async function attachDisk(mount: LabMount, image: string): Promise<AttachedDisk> {
  if (mount.externalJournal === undefined) {
    return { device: await attachLoop(image), mount };
  }
  const size = String(sizeOf(mount));
  const device = await command('losetup', '--find', '--show', '--sizelimit', size, image);
  const journal = await command('losetup', '--find', '--show', '--offset', size, image);
  // ext4(5): the super block has the journal's device number, which changes with the loop device.
  const options = [mount.mount, `journal_path=${journal}`].filter((option) => option !== undefined).join(',');
  return { device, journal, mount: { ...mount, mount: options } };
}

export async function detachDisk({ device, journal }: AttachedDisk): Promise<void> {
  await detachLoop(device);
  if (journal !== undefined) await detachLoop(journal);
}

/** Makes the external journal, if there is one, then the filesystem. */
export async function formatDisk({ device, journal, mount }: AttachedDisk): Promise<void> {
  if (journal === undefined) return format(mount, device);
  await command('mkfs.ext4', '-q', '-F', '-b', '4096', '-O', 'journal_dev', journal);
  await format({ ...mount, mkfs: [...(mount.mkfs ?? []), '-J', `device=${journal}`] }, device);
}
