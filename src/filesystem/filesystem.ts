import { type Durability, type EngineName, protocolFromEnvironment } from '../base/options.js';
import { type Decision, decideFor, limitOfPlainFs, type Plan, type Plans } from './decision.js';
import { type Device, findDeviceNumber, readDevice } from './device.js';
import { findDeviceWarnings } from './device-warnings.js';
import type { Evidence } from './evidence.js';
import { mayReturnEarlyFromDirectorySync } from './filesystem-types.js';
import { findJournal, type Journal } from './journal.js';
import type { Machine } from './machine.js';
import { type MountedFilesystem, readMountedFilesystem } from './mounted-filesystem.js';
import { findMount, type Location, type Mount, readMounts } from './mounts.js';
import { type ProtocolStep, stepsOf } from './protocols.js';
import { findSupport, type Support } from './support.js';
import { plansWithout, reasonWithout, supportWithout, type UnavailableCall } from './unavailable-calls.js';
import { type InspectedUpdate, inspectUpdate } from './update-lock.js';
import type { Warning } from './warning.js';

/** The location that a path leads to, and the kind of file there. */
export interface InspectedPath extends Location {
  /** Without symbolic links, if the system tells. */
  path: string;
  isDirectory: boolean;
}

/**
 * A plan with its steps.
 *
 * @category inspect
 */
export interface PlannedSave extends Plan {
  /** The steps of a save that replaces a file, in their order. */
  steps: ProtocolStep[];
}

/**
 * The filesystem at a path, and the plans of `save` there.
 *
 * @category inspect
 */
export interface Filesystem {
  /** The inspected path, without symbolic links. If the path does not exist, its nearest existing parent. */
  path: string;
  /** `undefined` if the mount table is hidden, and on systems without `/proc`. */
  mount: MountPoint | undefined;
  /**
   * The device of the filesystem, and those below it down to the disks; `undefined` if it has none, or if
   * `/sys` is hidden.
   */
  device: Device | undefined;
  /** Where the filesystem first writes its changes; `undefined` wherever `mount` is. */
  journal: Journal | undefined;
  supports: Support;
  /** The plan of `save` for each durability, unless its option `protocol` forces another. */
  protocol: Record<Durability, PlannedSave>;
  /** Which other updates `update` keeps out by default, and why. */
  update: InspectedUpdate;
  /** Why `save` uses these plans: a sentence that names the files that were read. */
  reason: string;
  evidence: Evidence[];
  warnings: Warning[];
}

/**
 * Where and how the filesystem is mounted.
 *
 * @category inspect
 */
export interface MountPoint {
  path: string;
  /** The kernel's name of the type, such as `ext4` or `fuse.sshfs`. */
  type: string;
  /** The source as it was given to mount(8): a device, a server's export, or any text. */
  source: string;
  /** The part of the filesystem that is mounted: `/`, a subvolume, or the bind-mounted file or directory. */
  root: string;
  /** The options of this mount. */
  options: string[];
  /** The options of the filesystem. */
  superOptions: string[];
  readOnly: boolean;
  /** A single file is mounted at the inspected path. No rename can replace it. */
  boundFile: boolean;
}

/**
 * Describes the filesystem at an inspected path, and the plans of an engine there.
 *
 * @param unavailable the system calls that the native engine has to do without.
 */
export function inspectFilesystem(
  inspected: InspectedPath,
  engine: EngineName,
  machine: Machine,
  unavailable: readonly UnavailableCall[] = [],
): Filesystem {
  const mounts = readMounts(machine) ?? [];
  const mount = findMount(mounts, inspected);
  const filesystem = mount && readMountedFilesystem(machine, mount, () => mounts);
  const decision = decideFor(filesystem, 0, machine);
  const device = filesystem && findDevice(machine, filesystem, mounts);
  const mountPoint = mount && describeMount(mount, inspected);
  const { plans, reason } = planSaves(decision, engine, machine.platform, unavailable);
  const planned = (durability: Durability): PlannedSave => {
    const steps = stepsOf({
      ...plans[durability],
      engine,
      durability,
      target: 'replaced',
      reportsOnClose: decision.reportsOnClose,
      directorySyncMayReturnEarly: mount !== undefined && mayReturnEarlyFromDirectorySync(mount.type),
    });
    return { ...plans[durability], steps };
  };
  return {
    path: inspected.path,
    mount: mountPoint,
    device,
    journal: filesystem && findJournal(filesystem),
    supports: supportWithout(unavailable, findSupport(machine, mount)),
    protocol: { durable: planned('durable'), ordered: planned('ordered'), none: planned('none') },
    update: inspectUpdate(mount, engine === 'native' && machine.platform === 'linux'),
    reason,
    evidence: decision.evidence,
    warnings: [
      ...decision.warnings,
      ...(mountPoint === undefined ? [] : findMountWarnings(mountPoint)),
      ...(device === undefined ? [] : findDeviceWarnings(device)),
    ],
  };
}

function describeMount(mount: Mount, inspected: InspectedPath): MountPoint {
  const { point, type, source, root, options, superOptions } = mount;
  return {
    path: point,
    type,
    source,
    root,
    options,
    superOptions,
    readOnly: options.includes('ro') || superOptions.includes('ro'),
    boundFile: !inspected.isDirectory && inspected.path === point,
  };
}

function findMountWarnings(mount: MountPoint): Warning[] {
  const warnings: Warning[] = [];
  if (mount.readOnly) {
    warnings.push({ code: 'read-only', message: 'Mounted read-only: nothing can be saved here.' });
  }
  if (mount.boundFile) {
    const message = `${mount.path} itself is a mount point, so no rename can replace it.`;
    warnings.push({ code: 'mount-point', message });
  }
  return warnings;
}

function findDevice(
  machine: Machine,
  filesystem: MountedFilesystem,
  mounts: readonly Mount[],
): Device | undefined {
  const { mount, upper } = filesystem;
  if (upper !== undefined) return findDevice(machine, upper, mounts);
  // Major number 0 is not a device. The kernel assigns it to filesystems that have no device, or several.
  const number = mount.major === 0 ? findDeviceNumber(machine, mount.source) : mount;
  return number && readDevice(machine, mounts, number);
}

/**
 * A decision is for the native engine. The portable engine and the environment may force `sync-rename-sync`.
 */
function planSaves(
  decision: Decision,
  engine: EngineName,
  platform: NodeJS.Platform,
  unavailable: readonly UnavailableCall[],
): { plans: Plans; reason: string } {
  const { plans, reason } = planWithEverything(decision, engine, platform);
  const missing = reasonWithout(unavailable);
  if (missing === undefined) return { plans, reason };
  return { plans: plansWithout(unavailable, plans), reason: `${missing}: ${reason}` };
}

function planWithEverything(
  decision: Decision,
  engine: EngineName,
  platform: NodeJS.Platform,
): { plans: Plans; reason: string } {
  const { durable, ordered, none, syncRenameSync, reason } = decision;
  const limit = limitOfPlainFs(platform, engine, { durable, ordered, none });
  if (limit !== undefined) return { plans: limit.plans, reason: `${limit.reason}. ${reason}` };
  const forced = reasonForSyncRenameSync(decision, engine);
  if (forced === undefined) return { plans: { durable, ordered, none }, reason };
  return {
    plans: { ...syncRenameSync, none: engine === 'native' ? none : { ...none, temporary: 'named' } },
    reason: `${forced}. Without that: ${reason}`,
  };
}

function reasonForSyncRenameSync(decision: Decision, engine: EngineName): string | undefined {
  const forced = protocolFromEnvironment();
  if (forced !== undefined) return `INDELIBLE_PROTOCOL=${forced} in the environment`;
  // The first durable saves on an ext4 sync the file with both engines, so only the plan for `ordered`
  // differs.
  const { protocol, temporary } = decision.ordered;
  if (engine === 'native') return undefined;
  if (protocol === 'single-commit') return 'The portable engine cannot skip the sync of the file';
  return temporary === 'unnamed' ? 'The portable engine cannot name a file that has no name' : undefined;
}
