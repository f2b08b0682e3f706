import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { isError } from '../base/errors.js';
import { failedWith } from '../base/fs-error.js';

/** The process that made a temporary, as the temporary's name records it. */
export interface TemporaryOwner {
  processId: number;
  /**
   * In clock ticks since boot (proc_pid_stat(5), field 22). It tells a process from a later one with the same
   * id. 0 on macOS and Windows, where a program cannot read the start time of another.
   */
  startTime: number;
  /** A hash of the boot id; on macOS and Windows of the machine's name and network addresses. */
  boot: string;
  /**
   * Where in that boot the two numbers are valid: a hash of the pid namespace and of the time namespace, to
   * which start times are relative (time_namespaces(7)). Zeros on macOS and Windows.
   */
  namespaces: string;
}

const NO_HASH = '00000000';

/** Zeros: no process can tell whether this owner is alive, so its temporaries are never removed. */
const UNKNOWN_OWNER: TemporaryOwner = { processId: 0, startTime: 0, boot: NO_HASH, namespaces: NO_HASH };

/**
 * This process as the owner of temporaries. Unknown where `/proc` is missing or shows another pid namespace.
 */
export function thisProcess(): TemporaryOwner {
  if (process.platform === 'darwin' || process.platform === 'win32')
    return thisProcessOn(hostname(), networkInterfaces());
  try {
    const status = readFileSync(statusOf('self', process.pid), 'latin1');
    const startTime = startTimeIn(status);
    if (Number.parseInt(status, 10) !== process.pid || !Number.isSafeInteger(startTime)) return UNKNOWN_OWNER;
    const boot = shortHash(readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
    const namespaces = shortHash(`${readlinkSync('/proc/self/ns/pid')} ${timeNamespace()}`);
    return { processId: process.pid, startTime, boot, namespaces };
  } catch {
    return UNKNOWN_OWNER;
  }
}

/** Linux has time namespaces since 5.6. */
function timeNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/time');
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return '';
    throw error;
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
  return { processId: process.pid, startTime: 0, boot: shortHash(machine), namespaces: NO_HASH };
}

/**
 * What is known of the process that made a temporary. `'hidden'`: it belongs to another container of the same
 * boot. `'elsewhere'`: it belongs to another boot, of this machine or of another one. `'unknown'`: nothing.
 */
export type OwnerState = 'alive' | 'dead' | 'hidden' | 'elsewhere' | 'unknown';

export function stateOf(owner: TemporaryOwner): OwnerState {
  const here = thisProcess();
  if (here.processId === 0 || owner.boot === NO_HASH) return 'unknown';
  if (owner.boot !== here.boot) return 'elsewhere';
  if (owner.namespaces !== here.namespaces) return 'hidden';
  if (owner.processId === 0) return 'unknown';
  if (!exists(owner.processId)) return 'dead';
  const currentStartTime = readStartTime(owner.processId);
  // The id now belongs to another process.
  return currentStartTime !== undefined && currentStartTime !== owner.startTime ? 'dead' : 'alive';
}

/**
 * Checked with a signal, because a `/proc` mounted with hidepid does not show the processes of other users.
 */
function exists(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return !(isError(error) && 'code' in error && error.code === 'ESRCH');
  }
}

function readStartTime(processId: number): number | undefined {
  try {
    const startTime = startTimeIn(readFileSync(statusOf(processId, processId), 'latin1'));
    return Number.isSafeInteger(startTime) ? startTime : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The file of the first thread, which has started when the process has. An emulator (QEMU's user mode,
 * linux-user/syscall.c) invents the start time in `/proc/self/stat`, and not in this file.
 */
function statusOf(process: 'self' | number, thread: number): string {
  return `/proc/${process}/task/${thread}/stat`;
}

/** @returns field 22 of proc_pid_stat(5); `NaN` where it is missing. */
function startTimeIn(status: string): number {
  // The second field, the command in parentheses, may itself contain spaces and parentheses.
  return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[22 - 3]);
}

/**
 * FNV-1a of 32 bits (http://www.isthe.com/chongo/tech/comp/fnv/). It only tells names apart, and loading
 * `node:crypto` costs more than a save.
 */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
