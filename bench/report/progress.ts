import type { WriteStream } from 'node:tty';

const BAR_WIDTH = 24;

/** A line at the bottom of a terminal that shows the progress. Without a terminal it prints nothing. */
export class ProgressLine {
  readonly #stream: WriteStream;
  readonly #seconds: number;

  /** @param seconds the expected total. */
  constructor(stream: WriteStream, seconds: number) {
    this.#stream = stream;
    this.#seconds = seconds;
  }

  show(elapsed: number, name: string): void {
    if (!this.#stream.isTTY) return;
    const done = Math.round(Math.min(1, elapsed / this.#seconds) * BAR_WIDTH);
    const bar = '#'.repeat(done).padEnd(BAR_WIDTH, '.');
    const left = `${Math.max(0, Math.ceil(this.#seconds - elapsed))} s left`;
    this.#stream.cursorTo(0);
    // 0 is an unknown width.
    const width = this.#stream.columns || 80;
    this.#stream.write(`[${bar}] ${left.padStart(9)}  ${name}`.slice(0, width - 1));
    this.#stream.clearLine(1);
  }

  clear(): void {
    if (!this.#stream.isTTY) return;
    this.#stream.cursorTo(0);
    this.#stream.clearLine(0);
  }
}
