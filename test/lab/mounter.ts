import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { SYSTEM_PATH } from './command.js';
import { PROJECT_ROOT } from './project-root.js';

const idle: Mounter[] = [];

/** Mounts a device by the system call. Returns the kernel's reason if it refuses. */
export function mountAtOnce(
  device: string,
  directory: string,
  type: string,
  options: string,
): Promise<string | undefined> {
  return request('mount', device, directory, type, options);
}

/** @throws if the directory is in use. */
export async function unmountAtOnce(directory: string): Promise<void> {
  const refusal = await request('umount', directory);
  if (refusal !== undefined) throw new Error(`umount ${directory}: ${refusal}`);
}

async function request(...words: string[]): Promise<string | undefined> {
  const mounter = idle.pop() ?? new Mounter();
  const answer = await mounter.request(words);
  idle.push(mounter);
  return answer;
}

/** A process that mounts and unmounts, one after the other. An idle one does not keep this process alive. */
class Mounter {
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

  async request(words: readonly string[]): Promise<string | undefined> {
    this.#keepAlive(true);
    this.#process.stdin.write(`${JSON.stringify(words)}\n`);
    const { value, done } = await this.#answers.next();
    this.#keepAlive(false);
    if (done === true) throw new Error(`the mounter ended during ${words.join(' ')}`);
    return value === '' ? undefined : value;
  }

  #keepAlive(alive: boolean): void {
    const { stdin, stdout } = this.#process;
    for (const handle of [this.#process, stdin, stdout]) {
      if (handle === this.#process || handle instanceof Socket) {
        if (alive) handle.ref();
        else handle.unref();
      }
    }
  }
}
