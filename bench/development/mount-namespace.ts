import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { SYSTEM_PATH } from '../../test/lab/command.js';
import { PROJECT_ROOT } from '../../test/lab/project-root.js';

/** Set in the process that has the mount namespace. */
const INSIDE = 'INDELIBLE_BENCH_OWN_MOUNTS';
const PRIVATE_MOUNTS = join(PROJECT_ROOT, 'test/lab/private-mounts.sh');
const NAMESPACE = ['--mount', '--propagation', 'private'];

/** @returns why this process may not have a mount namespace of its own, as a phrase; `undefined` if it may. */
export function ownMountNamespaceRefused(): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  if (process.env[INSIDE] !== undefined) return undefined;
  const { status, stderr, error } = spawnSync('unshare', [...NAMESPACE, 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : `needs root (${error?.message ?? stderr.trim()})`;
}

/**
 * Runs this program a second time, in a mount namespace of its own, and ends with that process's status. Returns in the
 * second process. What that one mounts disappears with it, and no mount of another program makes the native engine
 * decide again while it measures.
 *
 * @param directory where it measures. If that is in a workspace of the lab, the mounts of that workspace are kept.
 */
export async function enterOwnMountNamespace(directory: string): Promise<void> {
  if (process.env[INSIDE] !== undefined) return;
  const [program = '', ...args] = process.argv.slice(1);
  // The workspaces are in /dev/shm.
  const workspace = resolve(directory).split('/', 4).join('/');
  const child = spawn(
    'unshare',
    [...NAMESPACE, 'sh', PRIVATE_MOUNTS, workspace, process.execPath, program, ...args],
    { stdio: 'inherit', env: { ...process.env, PATH: SYSTEM_PATH, [INSIDE]: '1' } },
  );
  // A terminal's Ctrl-C reaches both processes. This one waits until the other has cleaned up.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const [status] = await once(child, 'close');
  process.exit(status ?? 1);
}
