import { readFileSync } from 'node:fs';
import { type TemporaryOwner, thisProcess } from './temporary-name.js';

/**
 * Whether the process that made a temporary is certainly gone. `false` where that cannot be told: for writers of
 * another container, another machine or another boot, and where `/proc` hides them.
 */
export function isOwnerDead({ processId, startTime, system }: TemporaryOwner): boolean {
  const here = thisProcess();
  // Without a start time of our own, nothing is known about this system's process numbers.
  if (here.processId === 0 || system !== here.system || processId === 0) return false;
  if (!exists(processId)) return true;
  const itsStartTime = readStartTime(processId);
  // Another process has the number by now.
  return itsStartTime !== undefined && itsStartTime !== startTime;
}

/** Asked with a signal, since a `/proc` mounted with hidepid does not show other users' processes. */
function exists(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

/** In clock ticks since boot (proc_pid_stat(5), field 22). */
function readStartTime(processId: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${processId}/stat`, 'latin1');
    // The second field, the command in parentheses, may itself hold spaces and parentheses.
    const startTime = Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[22 - 3]);
    return Number.isSafeInteger(startTime) ? startTime : undefined;
  } catch {
    return undefined;
  }
}
