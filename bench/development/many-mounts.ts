import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SYSTEM_PATH } from '../../test/lab/command.js';

/** As many mounts as one recursive mount copies. */
const BLOCK = 50;

/** Mounts without use, as on a machine with many containers. Only for a process with a mount namespace of its own. */
export class ManyMounts implements Disposable {
  readonly #directory: string;
  #made = 0;

  /** @param directory a new name. */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory);
    run('mount', '-t', 'tmpfs', 'indelible-bench', directory);
    for (const name of ['empty', 'block', 'changed']) mkdirSync(this.#at(name));
  }

  /** The length of the mount table. */
  static count(): number {
    return readFileSync('/proc/self/mountinfo', 'latin1').split('\n').length - 1;
  }

  /** Makes mounts until there are `count` more than at the start. */
  growTo(count: number): void {
    while (this.#made < count) {
      const at = this.#at(this.#made < BLOCK ? 'block' : '', `${this.#made}`);
      mkdirSync(at);
      const whole = this.#made >= BLOCK && count - this.#made > BLOCK;
      if (whole) run('mount', '--rbind', this.#at('block'), at);
      else run('mount', '--bind', this.#at('empty'), at);
      // The copy of the directory is a mount itself.
      this.#made += whole ? BLOCK + 1 : 1;
    }
  }

  /** Changes the mount table by a mount that nothing uses, and then back. */
  change(): void {
    run('mount', '--bind', this.#at('empty'), this.#at('changed'));
    run('umount', this.#at('changed'));
  }

  /** Unmounts them all at once. */
  [Symbol.dispose](): void {
    run('umount', '--lazy', this.#directory);
  }

  #at(...names: string[]): string {
    return join(this.#directory, ...names);
  }
}

function run(command: string, ...args: string[]): void {
  const env = { ...process.env, PATH: SYSTEM_PATH };
  const { status, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}
