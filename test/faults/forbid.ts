import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command } from '../lab/command.js';

/** Calls of newer kernels that strace cannot make fail. Without them the older calls are made. */
export const NEWER_CALLS = ['listxattrat', 'getxattrat', 'file_getattr'];

/** A program that runs another one without some system calls (`forbid.c`). */
export class Forbid {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  static async build(directory: string): Promise<Forbid> {
    const path = join(directory, 'forbid');
    const source = fileURLToPath(new URL('forbid.c', import.meta.url));
    await command('cc', '-O1', '-Wall', '-Wextra', '-Werror', '-o', path, source);
    return new Forbid(path);
  }

  /** The command in front of that of the other program: its calls of these names fail with the error. */
  behind(error: string, calls: readonly string[]): string[] {
    const number = String(constants.errno[error as keyof typeof constants.errno]);
    return [this.#path, number, ...calls, '--'];
  }
}
