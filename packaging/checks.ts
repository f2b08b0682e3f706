import { markdownTable } from 'markdown-table';

/** What was checked, in the order in which it was, for a table at the end. */
export class Checks {
  readonly #rows: [what: string, verdict: string][] = [];
  #failed = 0;

  /** Runs one check: its text, or the error's first line, stands in the table. Later checks run whatever happens. */
  async run(what: string, check: () => string | undefined | Promise<string | undefined>): Promise<boolean> {
    process.stderr.write(`${what}\n`);
    try {
      this.#rows.push([what, (await check()) ?? 'holds']);
      return true;
    } catch (error) {
      this.#failed += 1;
      const message = error instanceof Error ? error.message : String(error);
      process.stderr.write(`${message}\n`);
      this.#rows.push([what, `FAILS: ${message.split('\n', 1)[0]?.slice(0, 160)}`]);
      return false;
    }
  }

  /** For what this machine cannot check: its reason stands in the table. */
  notRun(what: string, reason: string) {
    this.#rows.push([what, `not run: ${reason}`]);
  }

  /** Prints the table; the process is to fail if a check has. */
  finish() {
    console.log(markdownTable([['what', 'verdict'], ...this.#rows]));
    if (this.#failed > 0) process.exitCode = 1;
  }
}

/** @throws {Error} with this message unless it holds. */
export function expect(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message);
}
