/**
 * Saves on network filesystems: the behaviour suite, and faults in the middle of saves.
 *
 *     npm run test:network -- [--all] [--part NAME,...] [--on FILESYSTEM,...] [--json FILE] [--disk NAME] [--states N]
 *
 * The parts: behaviour (`--on` chooses filesystems, `--all` runs every file), faults, update, speed, brick (`--disk` is
 * that of a brick, `xfs` or another one of test/lab/mounts.ts; `--states` says how often it crashes).
 * Needs root. Prints a table, and fails if a promise was broken.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SYSTEM_PATH } from '../lab/command.js';
import { PROJECT_ROOT } from '../lab/project-root.js';
import { missingFor } from '../lab/requirements.js';
import { SFTP_SERVER } from './fuse.js';

const missing =
  missingFor(
    ...([
      'bindfs',
      'gluster',
      'ip',
      'mkfs.ext4',
      'mkfs.xfs',
      'nbdfuse',
      'qemu-nbd',
      'setfattr',
      'setpriv',
    ] as const),
    'sshfs',
  ) ?? (existsSync(SFTP_SERVER) ? undefined : `needs ${SFTP_SERVER} (Debian package openssh-sftp-server)`);
if (missing === undefined) {
  const child = spawn(
    'setpriv',
    [
      ...[
        '--pdeathsig',
        'KILL',
        'unshare',
        '--mount',
        '--net',
        '--pid',
        '--fork',
        '--kill-child',
        '--mount-proc',
      ],
      ...['sh', join(PROJECT_ROOT, 'test/lab/private-mounts.sh'), 'none'],
      ...['sh', join(PROJECT_ROOT, 'test/network/in-namespaces.sh'), join(PROJECT_ROOT, 'build/network')],
      ...[process.execPath, join(PROJECT_ROOT, 'build/test/network/lab.js'), ...process.argv.slice(2)],
    ],
    { stdio: 'inherit', env: { ...process.env, PATH: SYSTEM_PATH } },
  );
  const [status] = await once(child, 'exit');
  process.exitCode = typeof status === 'number' ? status : 1;
} else {
  console.error(`The network lab ${missing}.`);
  process.exitCode = 1;
}
