import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** mkfs and losetup are in directories that are not in an ordinary user's `PATH`. */
export const SYSTEM_PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;

/** Runs a system tool and returns its output. Rejects with its error output. */
export async function command(name: string, ...args: string[]): Promise<string> {
  const { stdout } = await execute(name, args, { env: { ...process.env, PATH: SYSTEM_PATH, LC_ALL: 'C' } });
  return stdout.trim();
}
