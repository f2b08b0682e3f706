/** The clock that plays a recording in slow motion. */
export class Player {
  #at: number;
  #begin = 0;
  #end = 0;
  #frame: number | undefined;
  #last = 0;
  /** How many times slower than recorded. */
  slowness = 500;
  readonly #onTime: (at: number) => void;
  readonly #onPlaying: (playing: boolean) => void;
  readonly #stepwise: () => readonly number[] | undefined;

  /**
   * @param stepwise the moments to jump to, for a visitor who prefers reduced motion; undefined to play
   * continuously.
   */
  constructor(
    onTime: (at: number) => void,
    onPlaying: (playing: boolean) => void,
    stepwise: () => readonly number[] | undefined,
  ) {
    this.#at = 0;
    this.#onTime = onTime;
    this.#onPlaying = onPlaying;
    this.#stepwise = stepwise;
  }

  get at(): number {
    return this.#at;
  }

  get playing(): boolean {
    return this.#frame !== undefined;
  }

  /** Sets the range to play, in microseconds, and seeks to its beginning. */
  load(begin: number, end: number): void {
    this.pause();
    this.#begin = begin;
    this.#end = end;
    this.seek(begin);
  }

  seek(at: number): void {
    this.#at = Math.min(Math.max(Math.round(at), this.#begin), this.#end);
    this.#onTime(this.#at);
  }

  play(): void {
    if (this.playing) return;
    if (this.#at >= this.#end) this.seek(this.#begin);
    this.#last = performance.now();
    this.#frame = requestAnimationFrame((now) => this.#tick(now));
    this.#onPlaying(true);
  }

  pause(): void {
    if (this.#frame === undefined) return;
    cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
    this.#onPlaying(false);
  }

  #tick(now: number): void {
    const stops = this.#stepwise();
    const passed = ((now - this.#last) * 1000) / this.slowness;
    const next = stops === undefined ? this.#at + Math.max(0, passed) : this.#stop(stops, now);
    if (next !== this.#at || stops === undefined) {
      if (stops === undefined) this.#last = now;
      this.#advance(next);
    }
    if (this.#at >= this.#end) this.pause();
    else this.#frame = requestAnimationFrame((later) => this.#tick(later));
  }

  /** Not rounded, unlike `seek`: at the slowest speed a frame is less than a microsecond. */
  #advance(at: number): void {
    this.#at = Math.min(at, this.#end);
    this.#onTime(this.#at);
  }

  #stop(stops: readonly number[], now: number): number {
    if (now - this.#last < STEP_PAUSE) return this.#at;
    this.#last = now;
    return stops.find((at) => at > this.#at) ?? this.#end;
  }
}

/** Milliseconds between two steps with reduced motion. */
const STEP_PAUSE = 700;
