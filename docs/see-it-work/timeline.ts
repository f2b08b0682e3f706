import { outcomesAt } from './crash-outcomes.js';
import { element, svgElement } from './element.js';
import { foundAt } from './moment.js';
import type { Pair, Promised, Run, Shown } from './recordings.js';
import { duration, requestName } from './words.js';

const LANE = 16;
const LABEL = 14;
const AXIS = 20;
/** Pixels of a drawing that has the most telling lanes only, beside another one on a small screen. */
const SMALL = 480;
/** Pixels: a call of some microseconds must be visible. */
const THINNEST = 1.5;
/** Pixels of the narrowest bar with a name. */
const NAMED = 44;

/**
 * Draws a recording to scale: its events, and the outcomes of a crash at each time. Calls `onPoint` when
 * clicked.
 */
export class Timeline {
  readonly root = element('div', { class: 'timeline' });
  readonly #head = element('div', { class: 'playhead' });
  readonly #pair: Pair;
  readonly #run: Run;
  readonly #promises: Promised;
  readonly #brief: boolean;
  readonly #begin: number;
  readonly #end: number;
  #width = 0;
  #at = 0;

  /**
   * @param stretch the range of time, which may be longer than that of the run.
   * @param brief leaves out lanes on a small screen.
   */
  constructor(
    { pair, run, recipe }: Shown,
    stretch: { begin: number; end: number },
    brief: boolean,
    onPoint: (at: number) => void,
  ) {
    this.#pair = pair;
    this.#run = run;
    this.#promises = recipe.promises;
    this.#brief = brief;
    this.#begin = stretch.begin;
    this.#end = stretch.end;
    const point = (event: PointerEvent) => {
      const { left, width } = this.root.getBoundingClientRect();
      const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
      onPoint(Math.round(this.#begin + share * (this.#end - this.#begin)));
    };
    this.root.addEventListener('pointerdown', (event) => {
      this.root.setPointerCapture(event.pointerId);
      point(event);
    });
    this.root.addEventListener('pointermove', (event) => {
      if (this.root.hasPointerCapture(event.pointerId)) point(event);
    });
    new ResizeObserver(() => this.#draw()).observe(this.root);
  }

  moveTo(at: number): void {
    this.#at = at;
    this.#head.style.transform = `translateX(${this.#x(at)}px)`;
  }

  #x(at: number): number {
    const within = Math.min(Math.max(at, this.#begin), this.#end);
    return ((within - this.#begin) / (this.#end - this.#begin)) * this.#width;
  }

  #draw(): void {
    const width = this.root.clientWidth;
    if (width === 0 || width === this.#width) return;
    this.#width = width;
    const run = this.#run;
    const lanes = this.#lanes().filter(({ brief }) => brief || !this.#brief || width >= SMALL);
    const height = lanes.length * (LANE + LABEL) + AXIS;
    const drawing = svgElement('svg', {
      class: 'lanes',
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: 'img',
      'aria-label': `Timeline of ${duration(run.end - run.begin)}: the promise settles after ${duration(run.settled)}.`,
    });
    for (const index of lanes.keys()) {
      drawing.append(
        svgElement('rect', { x: 0, y: index * (LANE + LABEL) + LABEL, width, height: LANE, class: 'lane' }),
      );
    }
    drawing.append(...this.#axis(height));
    for (const [index, { label, marks }] of lanes.entries()) {
      const top = index * (LANE + LABEL);
      drawing.append(svgElement('text', { x: 0, y: top + LABEL - 4, class: 'lane-label' }, label));
      for (const mark of marks) drawing.append(...this.#mark(mark, top + LABEL));
    }
    this.root.replaceChildren(drawing, this.#head);
    this.moveTo(this.#at);
  }

  #mark({ from, to, kind, name, title, low = 0, high = 1 }: Mark, top: number): Element[] {
    const x = this.#x(from);
    const width = Math.max(THINNEST, this.#x(to) - x);
    const bar = svgElement(
      'rect',
      { x, y: top + low * LANE, width, height: (high - low) * LANE, class: `mark ${kind}` },
      title === undefined ? undefined : svgElement('title', {}, title),
    );
    if (name === undefined || width < Math.max(NAMED, name.length * 6.2 + 8)) return [bar];
    return [bar, svgElement('text', { x: x + 4, y: top + 12, class: `mark-name on-${kind}` }, name)];
  }

  #axis(height: number): Element[] {
    const begin = this.#begin;
    const span = this.#end - begin;
    const step = [1, 2, 5, 10, 20, 50, 100].find((ms) => ((ms * 1000) / span) * this.#width > 46) ?? 200;
    const ticks: Element[] = [];
    for (let ms = Math.ceil(begin / 1000 / step) * step; ms * 1000 <= this.#end; ms += step) {
      const x = this.#x(ms * 1000);
      ticks.push(svgElement('line', { x1: x, x2: x, y1: 0, y2: height - AXIS + 4, class: 'tick' }));
      // A label at the edge would be cut off.
      if (x < 20 || x > this.#width - 24) continue;
      ticks.push(
        svgElement('text', { x, y: height - 4, class: 'tick-label', 'text-anchor': 'middle' }, `${ms} ms`),
      );
    }
    return ticks;
  }

  #lanes(): Lane[] {
    const run = this.#run;
    const calls = (by: 'saver' | 'neighbour') =>
      run.calls
        .filter((call) => call.by === by)
        .map(
          ({ name, start, duration: took }): Mark => ({
            from: start,
            to: start + took,
            kind: by === 'saver' ? 'call' : 'neighbour',
            name,
            title: `${name}, ${duration(took)}`,
          }),
        );
    const others = calls('neighbour');
    return [
      {
        label: 'the program',
        brief: false,
        marks: [
          { from: 0, to: run.settled, kind: 'pending', name: 'promise pending' },
          {
            from: run.settled,
            to: run.end,
            kind: run.rejected === undefined ? 'resolved' : 'rejected',
            name: run.rejected === undefined ? 'resolved' : 'rejected',
          },
        ],
      },
      { label: 'its system calls', brief: true, marks: calls('saver') },
      {
        label: 'the disk',
        brief: true,
        marks: run.requests.map(({ kind, start, end, length }) =>
          kind === 'flush'
            ? { from: start, to: end, kind: 'flush', name: 'flush', title: `flush, ${duration(end - start)}` }
            : { from: start, to: end, kind: `write ${kind}`, title: `${length} bytes, ${requestName(kind)}` },
        ),
      },
      ...(others.length === 0 ? [] : [{ label: 'the other program', brief: false, marks: others }]),
      { label: 'what others read', brief: false, marks: this.#reads() },
      { label: 'outcomes of a crash', brief: true, marks: this.#crashes() },
    ];
  }

  #reads(): Mark[] {
    const { reads, end } = this.#run;
    return reads.map(([from, found], index): Mark => {
      const { kind } = foundAt(this.#pair, found);
      return { from, to: reads[index + 1]?.[0] ?? end, kind, name: kind };
    });
  }

  #crashes(): Mark[] {
    const run = this.#run;
    const marks: Mark[] = [];
    const bounds = [run.begin, ...run.requests.map(({ end }) => end), run.end];
    for (const [index, from] of bounds.slice(0, -1).entries()) {
      const to = bounds[index + 1] ?? run.end;
      if (to <= from) continue;
      let low = 0;
      const outcomes = outcomesAt(this.#pair, run, this.#promises, from);
      for (const kind of ['new', 'old', 'ruined'] as const) {
        const share = outcomes
          .filter(
            ({ found }) => kind === (found.kind === 'new' || found.kind === 'old' ? found.kind : 'ruined'),
          )
          .reduce((sum, outcome) => sum + outcome.share, 0);
        if (share > 0) marks.push({ from, to, kind, low, high: low + share });
        low += share;
      }
      const resolved = Math.max(from, run.settled);
      if (
        resolved < to &&
        outcomesAt(this.#pair, run, this.#promises, resolved).some(
          ({ judgement }) => judgement.says === 'lost',
        )
      ) {
        marks.push({ from: resolved, to, kind: 'lost', low: 0.8, high: 1 });
      }
    }
    return marks;
  }
}

interface Lane {
  label: string;
  /** Whether it is in a brief drawing, too. */
  brief: boolean;
  marks: Mark[];
}

/** A range of time in a lane; `low` and `high` are shares of the lane's height. */
interface Mark {
  from: number;
  to: number;
  kind: string;
  name?: string;
  title?: string;
  low?: number;
  high?: number;
}
