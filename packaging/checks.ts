import { markdownTable } from 'markdown-table';

/** Runs checks, and prints a table of their results at the end. */
export class Checks {
  readonly #headings: readonly string[];
  readonly #rows: string[][] = [];
  #passed = 0;
  #failed = 0;
  #skipped = 0;

  /** @param headings of the columns before the result. */
  constructor(...headings: readonly string[]) {
    this.#headings = headings.length > 0 ? headings : ['what'];
  }

  /**
   * Runs one check. The table shows its text, or the first line of its error. A failure does not stop later checks.
   *
   * @param what is checked: one text for each heading.
   */
  async run(
    what: string | readonly string[],
    check: () => string | undefined | Promise<string | undefined>,
  ): Promise<boolean> {
    const cells = [what].flat();
    process.stderr.write(`${cells.join(', ')}\n`);
    try {
      this.#rows.push([...cells, (await check()) ?? 'passes']);
      this.#passed += 1;
      return true;
    } catch (error) {
      this.#failed += 1;
      const message = error instanceof Error ? error.message : String(error);
      process.stderr.write(`${message}\n`);
      this.#rows.push([...cells, `FAILS: ${message.split('\n', 1)[0]?.slice(0, 160)}`]);
      return false;
    }
  }

  get counts(): { passed: number; failed: number; skipped: number } {
    return { passed: this.#passed, failed: this.#failed, skipped: this.#skipped };
  }

  /** Adds a check that this machine cannot run. The table shows the reason. */
  notRun(what: string | readonly string[], reason: string) {
    this.#skipped += 1;
    this.#rows.push([...[what].flat(), `not run: ${reason}`]);
  }

  /** Prints the table. The process fails if a check has failed. */
  finish() {
    console.log(markdownTable([[...this.#headings, 'result'], ...this.#rows]));
    if (this.#failed > 0) process.exitCode = 1;
  }
}

/** @throws {Error} with the message unless the condition holds. */
export function expect(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message);
}
