import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Socket } from 'node:net';

/** mkfs and losetup are in directories that are not in an ordinary user's `PATH`. */
export const SYSTEM_PATH = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`;

/** The end of a command's output: a NUL byte, which tools do not print, and the exit status. */
const END = /\0(?<status>\d+)\n$/;
/** The end of its error output. */
const END_OF_ERRORS = '\0';

/** How a command has ended. */
interface CommandResult {
  status: number;
  output: string;
  errors: string;
}

const idleShells: CommandShell[] = [];

/** Runs a system tool and returns its output. Rejects with its error output. */
export async function command(name: string, ...args: string[]): Promise<string> {
  const { status, output, errors } = await attempt(name, ...args);
  if (status === 0) return output;
  throw new Error(`'${[name, ...args].join(' ')}' ended with status ${status}: ${errors || output}`);
}

/** Runs a system tool, and says how it has ended. */
export async function attempt(name: string, ...args: string[]): Promise<CommandResult> {
  const shell = idleShells.pop() ?? new CommandShell();
  const result = await shell.run(name, ...args);
  idleShells.push(shell);
  return result;
}

/**
 * Runs system tools one after another from a single shell. Node copies its own page tables for every process
 * that it starts. An idle shell does not keep the process alive.
 */
class CommandShell {
  readonly #shell: ChildProcessWithoutNullStreams;
  #output = '';
  #errors = '';
  #ended = false;
  #changed = () => {};

  constructor() {
    // The shell ends when its standard input ends, so also when this process is killed.
    this.#shell = spawn('sh', [], { env: { ...process.env, PATH: SYSTEM_PATH, LC_ALL: 'C' } });
    this.#shell.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.#changed();
    });
    this.#shell.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
      this.#changed();
    });
    this.#shell.on('exit', () => {
      this.#ended = true;
      this.#changed();
    });
    this.#keepAlive(false);
  }

  /** Runs one command. The next may follow when it has ended. */
  async run(name: string, ...args: string[]): Promise<CommandResult> {
    const words = [name, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
    this.#keepAlive(true);
    try {
      this.#output = '';
      this.#errors = '';
      this.#shell.stdin.write(`${words.join(' ')} </dev/null; printf '\\0%d\\n' $?; printf '\\0' >&2\n`);
      for (;;) {
        const status = END.exec(this.#output)?.groups?.status;
        if (status !== undefined && this.#errors.endsWith(END_OF_ERRORS)) {
          const errors = this.#errors.slice(0, -END_OF_ERRORS.length).trim();
          return { status: Number(status), output: this.#output.replace(END, '').trim(), errors };
        }
        if (this.#ended) throw new Error(`the shell ended during '${name}'`);
        await new Promise<void>((resolve) => {
          this.#changed = resolve;
        });
      }
    } finally {
      this.#keepAlive(false);
    }
  }

  #keepAlive(alive: boolean): void {
    const { stdin, stdout, stderr } = this.#shell;
    for (const handle of [this.#shell, stdin, stdout, stderr]) {
      if (handle === this.#shell || handle instanceof Socket) {
        if (alive) handle.ref();
        else handle.unref();
      }
    }
  }
}
