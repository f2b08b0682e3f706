import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseStraceLog, type SystemCall } from './strace-log.js';

/**
 * The calls that a save may make, under their names on all machines. `?` marks a name that may be unknown.
 */
const TRACED = [
  ...[
    'openat',
    '?openat2',
    '?open',
    'close',
    'write',
    'statx',
    '?newfstatat',
    '?lstat',
    '?readlink',
    'readlinkat',
  ],
  ...['llistxattr', 'lgetxattr', 'fsetxattr', 'fremovexattr', 'ioctl'],
  ...['fchown', 'fchmod', 'fsync', 'fdatasync', 'syncfs', 'sync_file_range'],
  ...['?rename', '?renameat', 'renameat2', '?link', 'linkat', '?unlink', 'unlinkat', '?mkdir', 'mkdirat'],
  ...['?symlink', 'symlinkat', 'flock', 'fcntl', 'read', '?pread64', 'lseek'],
];

/** A change to one call: the `when`-th call of these names in the traced thread. */
export interface Injection {
  names: readonly string[];
  /** In the syntax of strace: `error=EIO`, `signal=SIGSTOP`, `delay_enter=1000` (microseconds). */
  effect: string;
  when: number;
}

/** strace, attached to a running process. */
export class Strace {
  readonly #process: ChildProcess;
  /** strace ends by itself when the traced process ends. */
  readonly #closed: Promise<unknown>;
  readonly #log: string;

  private constructor(process: ChildProcess, log: string) {
    this.#process = process;
    this.#closed = once(process, 'close');
    this.#log = log;
  }

  /**
   * Attaches to all threads of a process, present and future, or only to some of its threads. Injected faults
   * are counted, and happen, in each traced thread separately.
   *
   * @throws an error with the output of strace if it cannot attach.
   */
  static async attach(
    to: { process: number } | { threads: readonly number[] },
    injections: readonly Injection[] = [],
  ): Promise<Strace> {
    const log = join(tmpdir(), `indelible-strace-${randomUUID()}`);
    const traced = 'process' in to ? [to.process] : to.threads;
    const options = ['-y', '-s', '512', '-e', `trace=${TRACED.join(',')}`, '-o', log];
    if ('process' in to) options.push('-f');
    for (const thread of traced) options.push('-p', `${thread}`);
    for (const { names, effect, when } of injections) {
      options.push('-e', `inject=${names.join(',')}:${effect}:when=${when}`);
    }
    const strace = spawn('strace', options, { stdio: ['ignore', 'ignore', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      let said = '';
      strace.stderr.on('data', (chunk) => {
        said += chunk;
        const attached = said.match(/ attached( with \d+ threads)?$/gm) ?? [];
        // strace reports threads that start meanwhile in the same way.
        if (attached.length >= traced.length) resolve();
      });
      strace.on('close', () => reject(new Error(said.trim())));
    }).catch((error) => {
      rmSync(log, { force: true });
      throw error;
    });
    return new Strace(strace, log);
  }

  /** Detaches from the process. Returns the calls traced. */
  async detach(): Promise<SystemCall[]> {
    this.#process.kill('SIGINT');
    await this.#closed;
    const log = readFileSync(this.#log, 'utf8');
    rmSync(this.#log);
    return parseStraceLog(log);
  }
}

/** The reason if no fault can be injected on this machine, otherwise `undefined`. */
export async function straceUnavailable(): Promise<string | undefined> {
  if (spawnSync('strace', ['-V']).error !== undefined) return 'strace is not installed';
  const idle = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
  try {
    await once(idle, 'spawn');
    const strace = await Strace.attach({ process: idle.pid ?? 0 });
    await strace.detach();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    idle.stdin.end();
  }
}
