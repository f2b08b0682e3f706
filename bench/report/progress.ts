import type { WriteStream } from 'node:tty';

const BAR_WIDTH = 24;

/** One line at the bottom of a terminal that shows how far the measuring is; nothing where there is no terminal. */
export class ProgressLine {
  readonly #stream: WriteStream;
  readonly #seconds: number;

  /** @param seconds how long it takes in all. */
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
    // A terminal that doesn't know its width says 0.
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
