import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { SYSTEM_PATH } from '../../test/lab/command.js';
import { PROJECT_ROOT } from '../../test/lab/project-root.js';

/** Set in the process that has the mount namespace. */
const INSIDE = 'INDELIBLE_BENCH_OWN_MOUNTS';
const PRIVATE_MOUNTS = join(PROJECT_ROOT, 'test/lab/private-mounts.sh');
/** A workspace of the lab that does not exist: the mounts of all other workspaces are unmounted. */
const NO_WORKSPACE = '/none';

/**
 * Runs this program a second time, in a mount namespace of its own, and ends with that process's status. Returns in the
 * second process. What that one mounts disappears with it, and no mount of another program makes the native engine
 * decide again while it measures. Only for root on Linux.
 */
export async function enterOwnMountNamespace(): Promise<void> {
  if (process.env[INSIDE] !== undefined) return;
  const [program = '', ...args] = process.argv.slice(1);
  const child = spawn(
    'unshare',
    [
      '--mount',
      '--propagation',
      'private',
      'sh',
      PRIVATE_MOUNTS,
      NO_WORKSPACE,
      process.execPath,
      program,
      ...args,
    ],
    { stdio: 'inherit', env: { ...process.env, PATH: SYSTEM_PATH, [INSIDE]: '1' } },
  );
  // A terminal's Ctrl-C reaches both processes. This one waits until the other has cleaned up.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  const [status] = await once(child, 'close');
  process.exit(status ?? 1);
}
