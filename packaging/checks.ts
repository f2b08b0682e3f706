import { markdownTable } from 'markdown-table';

/** Runs checks, and prints a table of their results at the end. */
export class Checks {
  readonly #rows: [what: string, result: string][] = [];
  #failed = 0;

  /** Runs one check. The table shows its text, or the first line of its error. A failure does not stop later checks. */
  async run(what: string, check: () => string | undefined | Promise<string | undefined>): Promise<boolean> {
    process.stderr.write(`${what}\n`);
    try {
      this.#rows.push([what, (await check()) ?? 'passes']);
      return true;
    } catch (error) {
      this.#failed += 1;
      const message = error instanceof Error ? error.message : String(error);
      process.stderr.write(`${message}\n`);
      this.#rows.push([what, `FAILS: ${message.split('\n', 1)[0]?.slice(0, 160)}`]);
      return false;
    }
  }

  /** Adds a check that this machine cannot run. The table shows the reason. */
  notRun(what: string, reason: string) {
    this.#rows.push([what, `not run: ${reason}`]);
  }

  /** Prints the table. The process fails if a check has failed. */
  finish() {
    console.log(markdownTable([['what', 'result'], ...this.#rows]));
    if (this.#failed > 0) process.exitCode = 1;
  }
}

/** @throws {Error} with the message unless the condition holds. */
export function expect(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message);
}
