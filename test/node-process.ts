import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** How a process ended. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** The path of a program in `test/programs`. The programs import the built package, as its users do. */
export function programPath(name: string): string {
  return fileURLToPath(new URL(`programs/${name}`, import.meta.url));
}

/**
 * Starts a program of `test/programs`, with this process's environment, which selects the engine under test.
 *
 * @param behind a command that runs the program.
 */
export function startProgram(
  name: string,
  args: readonly string[],
  environment: Record<string, string> = {},
  behind: readonly string[] = [],
): ChildProcessWithoutNullStreams {
  const [program = '', ...rest] = [...behind, process.execPath, programPath(name), ...args];
  return spawn(program, rest, { env: { ...process.env, ...environment } });
}

/** The same under a limit of the shell's `ulimit`, for example `-f 8`: files of at most eight blocks. */
export function startWithLimit(
  limit: string,
  name: string,
  args: readonly string[],
): ChildProcessWithoutNullStreams {
  const script = `ulimit ${limit} && exec "$@"`;
  return spawn('sh', ['-c', script, 'sh', process.execPath, programPath(name), ...args]);
}

/** Collects the output of a process until it ends. Its input is closed. */
export async function ended(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  child.stdin.end();
  const [stdout, stderr] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    child.exitCode === null && child.signalCode === null ? once(child, 'close') : undefined,
  ]);
  return { code: child.exitCode, signal: child.signalCode, stdout, stderr };
}
