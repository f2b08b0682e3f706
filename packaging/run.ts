import { type SpawnSyncOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The root of the project, relative to the compiled file in `build/packaging/`. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Runs a command and returns its standard output. Its standard error is passed on.
 *
 * @throws {Error} with its exit code or signal if it fails.
 */
export function outputOf(command: string, args: readonly string[], options: SpawnSyncOptions = {}): string {
  const { stdout, status, signal, error } = spawnSync(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
    ...options,
    encoding: 'utf8',
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw failure(command, args, status, signal, stdout ?? '');
  return stdout;
}

/** Runs a command in the background. Several may run at once. If it fails, the error contains its output. */
export async function run(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string } = {},
) {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      printed += text;
    });
  }
  const [status, signal]: [number | null, NodeJS.Signals | null] = (await once(child, 'close')) as [
    number | null,
    NodeJS.Signals | null,
  ];
  if (status !== 0) throw failure(command, args, status, signal, printed);
  return printed;
}

function failure(
  command: string,
  args: readonly string[],
  status: number | null,
  signal: NodeJS.Signals | null,
  printed: string,
) {
  return new Error(`${command} ${args.join(' ')} ended with ${signal ?? `exit code ${status}`}\n${printed}`);
}
