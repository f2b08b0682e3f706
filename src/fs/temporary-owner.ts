import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';

/** The process that made a temporary, as the temporary's name records it. */
export interface TemporaryOwner {
  processId: number;
  /**
   * In clock ticks since boot (proc_pid_stat(5), field 22). It tells a process from a later one with the same
   * id. 0 on macOS and Windows, where a program cannot read the start time of another.
   */
  startTime: number;
  /**
   * Where the process id is valid: a hash of the boot id and the pid namespace. On macOS and Windows it is a
   * hash of the machine's name and network addresses.
   */
  system: string;
}

/** Zeros: no process can tell whether this owner is alive, so its temporaries are never removed. */
const UNKNOWN_OWNER: TemporaryOwner = { processId: 0, startTime: 0, system: '00000000' };

/**
 * This process as the owner of temporaries. Unknown where `/proc` is missing or shows another pid namespace.
 */
export function thisProcess(): TemporaryOwner {
  if (process.platform === 'darwin' || process.platform === 'win32')
    return thisProcessOn(hostname(), networkInterfaces());
  try {
    const status = readFileSync('/proc/self/stat', 'latin1');
    const startTime = startTimeIn(status);
    if (Number.parseInt(status, 10) !== process.pid || !Number.isSafeInteger(startTime)) return UNKNOWN_OWNER;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const namespace = readlinkSync('/proc/self/ns/pid');
    return { processId: process.pid, startTime, system: shortHash(`${boot} ${namespace}`) };
  } catch {
    return UNKNOWN_OWNER;
  }
}

/**
 * The same where only the process id is known (macOS, Windows). The machine is identified by its name and the
 * addresses of its network cards. Without an address the owner is unknown, since two machines that share a
 * disk may have the same name.
 */
export function thisProcessOn(
  name: string,
  interfaces: ReturnType<typeof networkInterfaces>,
): TemporaryOwner {
  const addresses = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ mac, internal }) => !internal && mac !== '00:00:00:00:00:00')
    .map(({ mac }) => mac);
  if (addresses.length === 0) return UNKNOWN_OWNER;
  const machine = [name, ...new Set(addresses.sort())].join(' ');
  return { processId: process.pid, startTime: 0, system: shortHash(machine) };
}

/**
 * Whether the process that made a temporary is certainly gone. `false` where that cannot be told: for
 * processes of another container, another machine or another boot, and where `/proc` hides them.
 */
export function isOwnerDead({ processId, startTime, system }: TemporaryOwner): boolean {
  const here = thisProcess();
  // If this process is unknown itself, its system is too, so no process id can be checked.
  if (here.processId === 0 || system !== here.system || processId === 0) return false;
  if (!exists(processId)) return true;
  const currentStartTime = readStartTime(processId);
  // The id now belongs to another process.
  return currentStartTime !== undefined && currentStartTime !== startTime;
}

/**
 * Checked with a signal, because a `/proc` mounted with hidepid does not show the processes of other users.
 */
function exists(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

function readStartTime(processId: number): number | undefined {
  try {
    const startTime = startTimeIn(readFileSync(`/proc/${processId}/stat`, 'latin1'));
    return Number.isSafeInteger(startTime) ? startTime : undefined;
  } catch {
    return undefined;
  }
}

/** @returns field 22 of proc_pid_stat(5); `NaN` where it is missing. */
function startTimeIn(status: string): number {
  // The second field, the command in parentheses, may itself contain spaces and parentheses.
  return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[22 - 3]);
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
