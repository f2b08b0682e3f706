import { type Proof, type Refusal, refuse } from './evidence.js';
import type { Machine } from './machine.js';
import { MOUNT_TABLE, type Mount } from './mounts.js';

const UNPROVEN_OPTION = /^(nobarrier$|logdev=|rtdev=|dax$|dax=always$)/;

/**
 * Whether one log force after the rename is enough on this XFS.
 *
 * Replayed crashes show it for a log and all data on one device, with write barriers (docs/inspect.md). No
 * crashes were replayed with an external log, a realtime section, zoned allocation or DAX.
 */
export function proveXfs(machine: Machine, mount: Mount, device: string): Proof | Refusal {
  // Unlike ext4, XFS stores no default options in the filesystem, so the mount table lists all of them.
  const evidence = [{ from: MOUNT_TABLE, says: mount.superOptions.join(',') }];
  const unproven = mount.superOptions.find((option) => UNPROVEN_OPTION.test(option));
  if (unproven !== undefined) return refuse(`XFS mounted with ${unproven} (${MOUNT_TABLE})`, evidence);
  const directory = `/sys/fs/xfs/${device}`;
  const names = machine.list(directory);
  if (names === undefined) return refuse(`XFS whose ${directory} cannot be read`, evidence);
  // Since Linux 6.15; fs/xfs/xfs_sysfs.c, xfs_mount_sysfs_init.
  if (names.includes('zoned')) return refuse(`zoned XFS (${directory})`, evidence);
  return {
    proven: true,
    finding: `XFS with barriers and an internal log (${MOUNT_TABLE}, ${directory})`,
    unnamedTemporaries: { status: 'proven', finding: 'temporaries are unnamed' },
    evidence: [...evidence, { from: directory, says: 'not zoned' }],
  };
}
