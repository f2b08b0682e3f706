import { readdirSync, readFileSync } from 'node:fs';
import { until } from './wait.js';

/** The id of a process that its program has written to a file. */
export function pidIn(file: string): number {
  return Number(readFileSync(file, 'utf8'));
}

export async function killProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await processEnds(pid);
}

export async function processEnds(pid: number): Promise<void> {
  await until(`process ${pid} ends`, () => {
    const { 0: state, 17: threads } = statOf(pid);
    // The first thread may have ended before one that waits for a disk.
    return state === undefined || (state === 'Z' && Number(threads) <= 1);
  });
}

export async function stopProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await until(`process ${pid} stops`, () => statOf(pid)[0] === 'T');
}

/**
 * The processor time, in milliseconds, of all processes of the lab's PID namespace, the servers and those that have ended
 * included.
 */
export function processorTime(): number {
  const ticks = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => statOf(pid).slice(11, 15));
  // Fields 14 to 17, in ticks of 10 ms: its own, and that of the children for which it has waited.
  return 10 * ticks.reduce((sum, text) => sum + Number(text), 0);
}

/** The fields of proc_pid_stat(5) from the third on, the state. Empty if there is no such process. */
function statOf(pid: number | string): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the command in parentheses, which may contain spaces and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
