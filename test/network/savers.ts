import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { PROJECT_ROOT } from '../lab/project-root.js';
import type { Line, SaverTask } from './saver.js';
import { settled } from './wait.js';

/** What a saver has said about one of its files. */
export interface FileHistory {
  /** The newest version that was acknowledged; 0 if none was. */
  acknowledged: number;
  /** The newest version whose outcome is known. At most the next one may be on its way. */
  known: number;
}

/** A process that saves to some files of its own. */
export class SaverProcess {
  readonly task: SaverTask;
  readonly history: ReadonlyMap<string, FileHistory>;
  readonly errors: (Line & { event: 'failed' })[] = [];
  acknowledgements = 0;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(task: SaverTask) {
    this.task = task;
    this.history = new Map(task.names.map((name) => [name, { acknowledged: 0, known: 0 }]));
    const program = join(PROJECT_ROOT, 'build/test/network/saver.js');
    const child = spawn(process.execPath, [program, JSON.stringify(task)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, INDELIBLE_ENGINE: 'native' },
    });
    this.#child = child;
    const complaints = text(child.stderr);
    const reading = this.#read(createInterface(child.stdout));
    this.#ended = Promise.all([once(child, 'close'), complaints, reading]).then(
      ([[status, signal], said]) => {
        if (status !== 0 && signal !== 'SIGKILL')
          throw new Error(`a saver ended with ${signal ?? status}: ${said}`);
      },
    );
  }

  /** Lets every save settle, and the process end. */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    await settled(`every save to ${this.task.directory} settles`, this.#ended);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await settled(`the saver in ${this.task.directory} ends`, this.#ended);
  }

  async #read(lines: AsyncIterable<string>): Promise<void> {
    for await (const text of lines) {
      const line = JSON.parse(text) as Line;
      const file = this.history.get(line.name);
      if (file === undefined) throw new Error(`a saver tells of another file: ${text}`);
      file.known = line.version;
      if (line.event === 'failed') {
        this.errors.push(line);
      } else {
        file.acknowledged = line.version;
        this.acknowledgements += 1;
      }
    }
  }
}
