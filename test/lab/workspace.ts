import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { SYSTEM_PATH } from './command.js';
import { PROJECT_ROOT } from './project-root.js';

/** In memory, because hundreds of disk images are written and deleted. */
const MEMORY = '/dev/shm';
const NAME = /^indelible-lab-(?<namespace>\d+)-(?<pid>\d+)-(?<started>\d+)$/;

/**
 * A directory in memory. Its mounts, loop devices and block servers are removed with it: when `remove` is
 * called, when the process ends, and also when the process is killed with SIGKILL. clean-up.sh, in a process
 * group of its own, holds the other end of a pipe and cleans up when the pipe closes. If that shell is killed
 * as well, the next process that makes a workspace cleans up.
 */
export class Workspace {
  static #swept: Promise<void> | undefined;

  readonly directory: string;
  readonly #cleaner: Cleaner;

  private constructor(directory: string, cleaner: Cleaner) {
    this.directory = directory;
    this.#cleaner = cleaner;
  }

  static async create(): Promise<Workspace> {
    Workspace.#swept ??= sweepStale();
    await Workspace.#swept;
    const cleaner = new Cleaner();
    return new Workspace(await cleaner.workspace(), cleaner);
  }

  /** A path inside the workspace. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /**
   * Unmounts and detaches everything below the directory, and removes it.
   *
   * @throws if something is still busy after fifteen seconds.
   */
  async remove(): Promise<void> {
    await this.#cleaner.finish();
  }
}

/** One run of clean-up.sh. */
class Cleaner {
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  #printed = '';

  constructor(...args: string[]) {
    const script = join(PROJECT_ROOT, 'test/lab/clean-up.sh');
    this.#process = spawn('sh', [script, ...args], {
      // A process group of its own, which a terminal's Ctrl-C does not reach.
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, PATH: SYSTEM_PATH },
    });
    this.#ended = once(this.#process, 'close');
    this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#printed += text;
    });
  }

  /** The directory that the script made. */
  async workspace(): Promise<string> {
    while (!this.#printed.includes('\n')) {
      if (this.#process.stdout === null) break;
      await Promise.race([once(this.#process.stdout, 'data'), this.#ended]);
      if (this.#process.exitCode !== null) throw new Error(`No workspace was made: ${this.#printed.trim()}`);
    }
    // A workspace that was not removed must not keep the process alive: it is cleaned up when the process
    // ends.
    this.#process.unref();
    for (const pipe of [this.#process.stdin, this.#process.stdout]) {
      if (pipe instanceof Socket) pipe.unref();
    }
    return this.#printed.trim();
  }

  async finish(): Promise<void> {
    this.#process.ref();
    if (this.#process.stdout instanceof Socket) this.#process.stdout.ref();
    this.#process.stdin?.end();
    await this.#ended;
    if (this.#process.exitCode !== 0)
      throw new Error(`The workspace was not removed: ${this.#printed.trim()}`);
  }
}

/** Cleans up the workspaces of this PID namespace whose cleaner has ended. */
async function sweepStale(): Promise<void> {
  const namespace = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
  for (const name of readdirSync(MEMORY)) {
    const owner = NAME.exec(name)?.groups;
    if (owner?.namespace !== namespace || startTime(owner.pid) === owner.started) continue;
    await new Cleaner(join(MEMORY, name)).finish();
  }
}

/**
 * The start time of a process, field 22 of /proc/PID/stat, in clock ticks since boot (proc_pid_stat(5)). It
 * distinguishes the process from a later one with the same PID. Undefined if the process has ended, even if
 * it is still a zombie.
 */
function startTime(pid: string | undefined): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the command in parentheses, which may contain spaces and parentheses.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' ? undefined : rest[18];
}
