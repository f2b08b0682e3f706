import { type Durability, type EngineName, protocolFromEnvironment } from '../base/options.js';
import { type Decision, decideFor, limitOfPlainFs, type Plan, type Plans } from './decision.js';
import { type Device, findDeviceNumber, readDevice } from './device.js';
import { findDeviceWarnings } from './device-warnings.js';
import type { Evidence } from './evidence.js';
import { mayReturnEarlyFromDirectorySync } from './filesystem-types.js';
import { describeJournal, type Journal } from './journal.js';
import type { Machine } from './machine.js';
import { type MountedFilesystem, readMountedFilesystem } from './mounted-filesystem.js';
import { findMount, type Location, type Mount, readMounts } from './mounts.js';
import { type ProtocolStep, stepsOf } from './protocols.js';
import { findSupport, type Support } from './support.js';
import type { Warning } from './warning.js';

/** Where a path leads, and what stands there. */
export interface InspectedPath extends Location {
  /** Without symbolic links, where the system tells. */
  path: string;
  isDirectory: boolean;
}

/** A plan with the steps that it comes to. */
export interface PlannedSave extends Plan {
  /** The steps of a save that replaces a file, in their order. */
  steps: ProtocolStep[];
}

/** What lies under a path, and how `save` goes about it there. */
export interface Filesystem {
  /** What was inspected: the path without symbolic links, or its nearest parent that exists. */
  path: string;
  /** `undefined` where the mount table is hidden, and on systems without `/proc`. */
  mount: MountPoint | undefined;
  /** What the filesystem is on, down to the disks; `undefined` if there is no such device, or `/sys` is hidden. */
  device: Device | undefined;
  /** Where the filesystem writes first what it is about to change. */
  journal: Journal | undefined;
  supports: Support;
  /** What `save` does for each durability, unless its option `protocol` says otherwise. */
  protocol: Record<Durability, PlannedSave>;
  /** Why it does so, as a sentence with the files that it was read from. */
  reason: string;
  evidence: Evidence[];
  warnings: Warning[];
}

/** Where and how the filesystem is mounted. */
export interface MountPoint {
  path: string;
  /** As the kernel calls it: `ext4`, `fuse.sshfs`. */
  type: string;
  /** What is mounted, as the one who mounted it called it. */
  source: string;
  /** The part of the filesystem that is mounted: `/`, a subvolume, or the file or directory that was bind-mounted. */
  root: string;
  /** Of this mount. */
  options: string[];
  /** Of the filesystem. */
  superOptions: string[];
  readOnly: boolean;
  /** A single file is mounted, at the inspected path itself; nothing can be renamed over it. */
  boundFile: boolean;
}

/** Puts together what a machine tells about a place, and how an engine saves there. */
export function inspectFilesystem(place: InspectedPath, engine: EngineName, machine: Machine): Filesystem {
  const mounts = readMounts(machine) ?? [];
  const mount = findMount(mounts, place);
  const filesystem = mount && readMountedFilesystem(machine, mount, mounts);
  const decision = decideFor(filesystem, 0, machine);
  const device = filesystem && findDevice(machine, filesystem, mounts);
  const mountPoint = mount && describeMount(mount, place);
  const { plans, reason } = planSaves(decision, engine, machine.platform);
  const planned = (asked: Durability): PlannedSave => {
    const steps = stepsOf({
      ...plans[asked],
      engine,
      asked,
      target: 'replaced',
      inMemory: decision.inMemory,
      directorySyncMayReturnEarly: mount !== undefined && mayReturnEarlyFromDirectorySync(mount.type),
    });
    return { ...plans[asked], steps };
  };
  return {
    path: place.path,
    mount: mountPoint,
    device,
    journal: filesystem && describeJournal(filesystem),
    supports: findSupport(machine, mount),
    protocol: { durable: planned('durable'), ordered: planned('ordered'), none: planned('none') },
    reason,
    evidence: decision.evidence,
    warnings: [
      ...decision.warnings,
      ...(mountPoint === undefined ? [] : findMountWarnings(mountPoint)),
      ...(device === undefined ? [] : findDeviceWarnings(device)),
    ],
  };
}

function describeMount(mount: Mount, place: InspectedPath): MountPoint {
  const { point, type, source, root, options, superOptions } = mount;
  return {
    path: point,
    type,
    source,
    root,
    options,
    superOptions,
    readOnly: options.includes('ro') || superOptions.includes('ro'),
    boundFile: !place.isDirectory && place.path === point,
  };
}

function findMountWarnings(mount: MountPoint): Warning[] {
  const warnings: Warning[] = [];
  if (mount.readOnly) {
    warnings.push({ code: 'read-only', message: 'Mounted read-only: nothing can be saved here.' });
  }
  if (mount.boundFile) {
    const message = `${mount.path} is a mount point itself: nothing can be renamed over it, so it cannot be replaced.`;
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
  // Major 0 is no device but a number made up for a filesystem that has none, or several.
  const number = mount.major === 0 ? findDeviceNumber(machine, mount.source) : mount;
  return number && readDevice(machine, mounts, number);
}

/** Decisions are the native engine's; what this process runs with may leave it only the textbook. */
function planSaves(
  decision: Decision,
  engine: EngineName,
  platform: NodeJS.Platform,
): { plans: Plans; reason: string } {
  const { durable, ordered, none, syncRenameSync, reason } = decision;
  const limit = limitOfPlainFs(platform, engine, { durable, ordered, none });
  if (limit !== undefined) return { plans: limit.plans, reason: `${limit.reason}. ${reason}` };
  const forced = textbookOnly(decision, engine);
  if (forced === undefined) return { plans: { durable, ordered, none }, reason };
  return {
    plans: { ...syncRenameSync, none: engine === 'native' ? none : { ...none, temporary: 'named' } },
    reason: `${forced}. Without that: ${reason}`,
  };
}

function textbookOnly(decision: Decision, engine: EngineName): string | undefined {
  const forced = protocolFromEnvironment();
  if (forced !== undefined) return `INDELIBLE_PROTOCOL=${forced} in the environment`;
  // The first durable saves on an ext4 sync the file, whatever the engine; ordered ones tell them apart.
  if (decision.ordered.protocol !== 'single-commit' || engine === 'native') return undefined;
  return 'The portable engine cannot do without a sync of the file';
}
