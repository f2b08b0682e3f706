/** What a player tells about itself. */
export interface PlayerEvents {
  onTime(at: number): void;
  onPlaying(playing: boolean): void;
  /** It has played to where it was asked to play. */
  onArrival(): void;
  /** The moments to jump to, for a visitor who prefers reduced motion; undefined to play continuously. */
  stepwise(): readonly number[] | undefined;
}

/** The clock that plays a recording in slow motion. */
export class Player {
  #at = 0;
  #begin = 0;
  #end = 0;
  #until = 0;
  #frame: number | undefined;
  #last = 0;
  /** How many times slower than recorded. */
  slowness = 500;
  readonly #events: PlayerEvents;

  constructor(events: PlayerEvents) {
    this.#events = events;
  }

  get at(): number {
    return this.#at;
  }

  get playing(): boolean {
    return this.#frame !== undefined;
  }

  /** Sets the range to play, in microseconds, and seeks. */
  load(begin: number, end: number, at: number): void {
    this.pause();
    this.#begin = begin;
    this.#end = end;
    this.seek(at);
  }

  seek(at: number): void {
    this.#at = Math.min(Math.max(Math.round(at), this.#begin), this.#end);
    this.#events.onTime(this.#at);
  }

  /** Plays to the end of the range, or to a moment before it. At the end it begins again. */
  play(until = this.#end): void {
    if (this.playing) return;
    if (this.#at >= until) this.seek(this.#begin);
    this.#until = until;
    this.#last = performance.now();
    this.#frame = requestAnimationFrame((now) => this.#tick(now));
    this.#events.onPlaying(true);
  }

  pause(): void {
    if (this.#frame === undefined) return;
    cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
    this.#events.onPlaying(false);
  }

  #tick(now: number): void {
    const stops = this.#events.stepwise();
    const passed = ((now - this.#last) * 1000) / this.slowness;
    const next = stops === undefined ? this.#at + Math.max(0, passed) : this.#stop(stops, now);
    if (next !== this.#at || stops === undefined) {
      if (stops === undefined) this.#last = now;
      this.#advance(next);
    }
    if (this.#at < this.#until) {
      this.#frame = requestAnimationFrame((later) => this.#tick(later));
      return;
    }
    this.pause();
    this.#events.onArrival();
  }

  /** Not rounded, unlike `seek`: at the slowest speed a frame is less than a microsecond. */
  #advance(at: number): void {
    this.#at = Math.min(at, this.#until);
    this.#events.onTime(this.#at);
  }

  #stop(stops: readonly number[], now: number): number {
    if (now - this.#last < STEP_PAUSE) return this.#at;
    this.#last = now;
    return stops.find((at) => at > this.#at) ?? this.#until;
  }
}

/** Milliseconds between two steps with reduced motion. */
const STEP_PAUSE = 700;
