import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { SYSTEM_PATH } from './command.js';
import { PROJECT_ROOT } from './project-root.js';

type Request =
  | readonly [call: 'mount', device: string, directory: string, type: string, options: string]
  | readonly [call: 'umount', directory: string];

/** Mounts and unmounts by system calls of one process, in the order of the requests. */
export class Mounter {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: AsyncIterator<string>;

  constructor() {
    // It ends when its standard input ends, so also when this process is killed.
    this.#process = spawn('python3', [join(PROJECT_ROOT, 'test/lab/mounter.py')], {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, PATH: SYSTEM_PATH, LC_ALL: 'C' },
    });
    this.#answers = createInterface(this.#process.stdout)[Symbol.asyncIterator]();
  }

  /** Returns the kernel's reason if it refuses. */
  async request(...request: Request): Promise<string | undefined> {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error(`the mounter ended during ${request.join(' ')}`);
    return value === '' ? undefined : value;
  }

  close(): void {
    this.#process.stdin.end();
  }
}
