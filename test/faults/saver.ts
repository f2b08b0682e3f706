import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import type { Saved, SaveOptions } from '../../src/index.js';
import type { EngineName } from '../engines.js';
import { startProgram } from '../node-process.js';

/**
 * The functions that are traced. `saveChunks` is `save` of an iterable. A rename operation takes its two
 * paths as `path` and `data`. `publishTemporary` opens, writes, publishes and closes a `TemporaryFile`.
 */
export type Form =
  | 'save'
  | 'saveSync'
  | 'saveChunks'
  | 'saveChunksSync'
  | 'exchange'
  | 'exchangeSync'
  | 'renameExclusive'
  | 'renameExclusiveSync'
  | 'publishTemporary'
  | 'publishTemporarySync'
  | 'replaceDirectory'
  | 'replaceDirectorySync'
  | 'replaceSymlink'
  | 'replaceSymlinkSync'
  | 'update'
  | 'updateSync';

export interface SaveCall {
  form: Form;
  path: string;
  data: string;
  options: SaveOptions;
}

/** The outcome of a save in another process. */
export interface Outcome {
  saved?: Saved;
  error?: { code: string; syscall: string; published: boolean; message: string };
  /** Whether it was aborted before it settled. */
  aborted?: boolean;
}

/** The engine of the process, further environment variables, and a command that runs it. */
export interface SaverOptions {
  engine: EngineName;
  environment: Record<string, string>;
  behind?: readonly string[];
}

/**
 * A process that saves on request, so that one save can be traced without the calls of the process's start.
 */
export class Saver {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: Interface;
  readonly #ready: Promise<unknown>;
  /** Never resolves; rejects when the process ends. */
  readonly #crashed: Promise<never>;
  /** Part of the error of a process that has crashed. */
  #said = '';

  /**
   * With a single thread in Node's worker pool, every call of a save is made by the same thread. The look after
   * a first save would make calls of its own.
   */
  constructor({ engine, environment, behind }: SaverOptions) {
    const own = { INDELIBLE_ENGINE: engine, INDELIBLE_SWEEP: 'off', UV_THREADPOOL_SIZE: '1' };
    const variables = { ...environment, ...own };
    this.#child = startProgram('save-on-request.mjs', [], variables, behind);
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#said += text;
    });
    this.#answers = createInterface({ input: this.#child.stdout });
    this.#ready = once(this.#answers, 'line');
    this.#crashed = once(this.#child, 'close').then(([code, signal]) => {
      throw new Error(`the saving process has ended with ${code ?? signal}: ${this.#said}`);
    });
    // The process may end while no answer is awaited.
    this.#crashed.catch(() => undefined);
  }

  get processId(): number {
    if (this.#child.pid === undefined) throw new Error('the process has not started');
    return this.#child.pid;
  }

  async save(call: SaveCall): Promise<Outcome> {
    await Promise.race([this.#ready, this.#crashed]);
    const answer = Promise.race([once(this.#answers, 'line'), this.#crashed]);
    this.#child.stdin.write(`${JSON.stringify(call)}\n`);
    const [line] = await answer;
    return JSON.parse(line);
  }

  /** Aborts the save under way, if it is asynchronous. */
  abort(): void {
    this.#child.stdin.write('"abort"\n');
  }

  async stop(): Promise<void> {
    this.#child.stdin.end();
    await Promise.allSettled([this.#crashed]);
    if (this.#child.exitCode === 0) process.stderr.write(this.#said);
  }
}
