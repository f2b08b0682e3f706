import { readFileSync } from 'node:fs';
import { until } from './wait.js';

/** The id of a process that its program has written to a file. */
export function pidIn(file: string): number {
  return Number(readFileSync(file, 'utf8'));
}

export async function killProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await until(`process ${pid} ends`, () => ['', 'Z'].includes(stateOf(pid)));
}

export async function stopProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await until(`process ${pid} stops`, () => stateOf(pid) === 'T');
}

/** The letter of proc_pid_stat(5), field 3; empty if there is no such process. */
function stateOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in parentheses, which may contain spaces and parentheses.
    return stat.charAt(stat.lastIndexOf(')') + 2);
  } catch {
    return '';
  }
}

/** The processor time in milliseconds of all processes of this PID namespace, those that still run. */
export function processorTime(pids: readonly string[]): number {
  return pids
    .map((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
        const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        // Fields 14 to 17, in ticks of 10 ms: its own and that of the children it has waited for.
        return 10 * fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
      } catch {
        return 0;
      }
    })
    .reduce((sum, time) => sum + time, 0);
}
