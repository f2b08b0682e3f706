/** A line of a chart, in the order of its points. */
export interface Series {
  name: string;
  points: readonly Point[];
}

interface Point {
  x: number;
  y: number;
  /** The confidence interval of `y`, as far as there is one. */
  sure?: readonly [low: number, high: number] | undefined;
}

export interface Axis {
  /** `'log'`: whole powers of ten. `'zero'`: even steps from zero. `'even'`: even steps between the values. */
  scale: 'log' | 'zero' | 'even';
  /** The text beside the axis for a value. */
  label(value: number): string;
}

/** A row of a chart of ranges: its two ends, and the marked values between them. */
export interface Range {
  name: string;
  from: number;
  to: number;
  /** The confidence interval of the first mark, as far as there is one. */
  sure?: readonly [low: number, high: number] | undefined;
  /** A mark without a place has no position in this range. It keeps its colour in the others. */
  marks: readonly { name: string; at: number | undefined }[];
}

/** A bar, divided into parts. */
export interface Bar {
  name: string;
  parts: readonly { name: string; value: number }[];
}

/** A histogram over a logarithmic axis. */
export interface Bins {
  name: string;
  /** Each with its beginning and end. */
  bins: readonly { from: number; to: number; count: number }[];
}

/** In the drawing's own units, which are about the pixels of a phone. */
const WIDTH = 360;
const LEFT = 58;
const RIGHT = 24;
const PLOT_HEIGHT = 190;
const TOP = 8;
const LINE = 14;
const ROW = 17;
/** The mean width of a letter. */
const LETTER = 6.8;
/** The most letters beside a range. */
const LONGEST = 26;
/** The number of colours in the style sheet. */
const COLOURS = 8;

/** Lines, with a legend below. The positions on the first axis are labelled themselves. */
export function lineChart(title: string, series: readonly Series[], x: Axis, y: Axis): string {
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return '';
  const places = points.map((point) => point.x);
  const across = between(x.scale, Math.min(...places), Math.max(...places), LEFT, WIDTH - RIGHT);
  const { at: up, ticks } = axisOf(
    y,
    points.flatMap((point) => [point.y, ...(point.sure ?? [])]),
    TOP + PLOT_HEIGHT,
    TOP,
  );
  const parts = [
    ...ticks.map((value) => {
      const at = up(value).toFixed(1);
      return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/>${label(LEFT - 5, up(value) + 4, y.label(value), 'end')}`;
    }),
    ...spaced(
      [...new Set(places)].sort((a, b) => a - b),
      across,
    ).map((value) => label(across(value), TOP + PLOT_HEIGHT + LINE, x.label(value), 'middle')),
    ...series.map(({ name, points: own }, index) => {
      const dots = own.map((point) => {
        const title = escapeHtml(
          `${name}, ${x.label(point.x)}: ${y.label(point.y)}${sureText(point.sure, y)}`,
        );
        const at = across(point.x).toFixed(1);
        const sure =
          point.sure === undefined
            ? ''
            : `<line class="c${index % COLOURS}" x1="${at}" x2="${at}" y1="${up(point.sure[0]).toFixed(1)}" y2="${up(point.sure[1]).toFixed(1)}"/>`;
        return `${sure}<circle class="c${index % COLOURS}" cx="${at}" cy="${up(point.y).toFixed(1)}" r="2.5"><title>${title}</title></circle>`;
      });
      const path = own.map((point) => `${across(point.x).toFixed(1)},${up(point.y).toFixed(1)}`).join(' ');
      return `<polyline class="c${index % COLOURS} ${index < COLOURS ? '' : 'dashed'}" points="${path}"/>${dots.join('')}`;
    }),
    ...series.map(({ name }, index) => legend(name, index, TOP + PLOT_HEIGHT + 2 * LINE + 8)),
  ];
  const rows = Math.ceil(series.length / LEGEND_COLUMNS);
  return drawing(`${title}${scaleText(y)}`, TOP + PLOT_HEIGHT + 2 * LINE + 8 + rows * LINE, parts);
}

/** Ranges over one axis, one below the other. */
export function rangeChart(title: string, ranges: readonly Range[], x: Axis): string {
  if (ranges.length === 0) return '';
  const values = ranges.flatMap(({ from, to }) => [from, to]);
  const left = Math.min(LONGEST, Math.max(18, ...ranges.map(({ name }) => name.length))) * LETTER + 10;
  const { at: across, ticks } = axisOf(x, values, left, WIDTH - RIGHT);
  const bottom = TOP + ranges.length * ROW;
  const parts = [
    ...verticalGrid(x, ticks, across, bottom),
    ...ranges.map(({ name, from, to, sure, marks }, index) => {
      const y = TOP + index * ROW + ROW / 2;
      const drawn = marks.map(({ name: what, at }, mark) =>
        at === undefined
          ? ''
          : `<circle class="c${mark % COLOURS}" cx="${across(at).toFixed(1)}" cy="${y}" r="${mark === 0 ? 4 : 2.5}"><title>${escapeHtml(`${name}, ${what}: ${x.label(at)}`)}</title></circle>`,
      );
      return `${label(left - 6, y + 4, shortened(name), 'end')}<line class="range" x1="${across(from).toFixed(1)}" x2="${across(to).toFixed(1)}" y1="${y}" y2="${y}"/>${
        sure === undefined
          ? ''
          : `<line class="sure" x1="${across(sure[0]).toFixed(1)}" x2="${across(sure[1]).toFixed(1)}" y1="${y}" y2="${y}"><title>${escapeHtml(`${name}${sureText(sure, x)}`)}</title></line>`
      }${drawn.join('')}`;
    }),
    ...(ranges[0]?.marks ?? []).map(({ name }, index) => legend(name, index, bottom + LINE + 14)),
  ];
  const rows = Math.ceil((ranges[0]?.marks.length ?? 0) / LEGEND_COLUMNS);
  return drawing(`${title}${scaleText(x)}`, bottom + LINE + 14 + rows * LINE, parts);
}

/** Histograms over one axis, one below the other. The bars of each begin at zero and have a scale of their own. */
export function histogramChart(title: string, rows: readonly Bins[], x: Axis): string {
  if (rows.length === 0) return '';
  const ends = rows.flatMap(({ bins }) => bins.flatMap(({ from, to }) => [from, to]));
  const { at: across, ticks } = axisOf(x, ends, RIGHT, WIDTH - RIGHT);
  const height = 3 * ROW;
  const bottom = TOP + rows.length * height;
  const parts = [
    ...verticalGrid(x, ticks, across, bottom),
    ...rows.map(({ name, bins }, row) => {
      const floor = TOP + (row + 1) * height;
      const most = Math.max(...bins.map(({ count }) => count));
      const total = bins.reduce((sum, { count }) => sum + count, 0);
      const bars = bins.map(({ from, to, count }) => {
        const tall = (count / most) * (height - ROW - 4);
        const left = across(from);
        return `<rect class="c${row % COLOURS}" x="${left.toFixed(1)}" y="${(floor - tall).toFixed(1)}" width="${(across(to) - left - 0.5).toFixed(1)}" height="${tall.toFixed(1)}"><title>${escapeHtml(`${name}, ${x.label(from)} to ${x.label(to)}: ${count} of ${total}`)}</title></rect>`;
      });
      return `${bars.join('')}${label(4, floor - height + ROW - 3, `${name}, n = ${total}`, 'start')}`;
    }),
  ];
  return drawing(`${title}${scaleText(x)}`, bottom + LINE + 6, parts);
}

/** Bars, divided into parts. Their lengths are relative to the longest. */
export function barChart(title: string, bars: readonly Bar[], x: Pick<Axis, 'label'>): string {
  const total = ({ parts }: Bar) => parts.reduce((sum, { value }) => sum + value, 0);
  const longest = Math.max(...bars.map(total));
  if (!(longest > 0)) return '';
  const names = [...new Set(bars.flatMap(({ parts }) => parts.map(({ name }) => name)))];
  const height = 2 * ROW + 4;
  const drawn = bars.map((bar, row) => {
    const y = TOP + row * height;
    let at = 4;
    const parts = bar.parts.map(({ name, value }) => {
      const width = (value / longest) * (WIDTH - RIGHT - 4);
      const rectangle = `<rect class="c${names.indexOf(name) % COLOURS}" x="${at.toFixed(1)}" y="${y + ROW}" width="${width.toFixed(1)}" height="${ROW - 3}"><title>${escapeHtml(`${name}: ${x.label(value)}`)}</title></rect>`;
      at += width;
      return rectangle;
    });
    return `${label(4, y + ROW - 4, `${bar.name}: ${x.label(total(bar))}`, 'start')}${parts.join('')}`;
  });
  const bottom = TOP + bars.length * height + LINE;
  const legends = names.map((name, index) => legend(name, index, bottom));
  return drawing(title, bottom + Math.ceil(names.length / LEGEND_COLUMNS) * LINE, [...drawn, ...legends]);
}

const LEGEND_COLUMNS = 2;

/** The end of a name, where the names of disks differ. */
function shortened(name: string): string {
  return name.length > LONGEST ? `…${name.slice(1 - LONGEST)}` : name;
}

function legend(name: string, index: number, top: number): string {
  const x = 6 + (index % LEGEND_COLUMNS) * ((WIDTH - 6) / LEGEND_COLUMNS);
  const y = top + Math.floor(index / LEGEND_COLUMNS) * LINE;
  return `<circle class="c${index % COLOURS}" cx="${x.toFixed(1)}" cy="${y - 4}" r="4"/>${label(x + 9, y, name, 'start')}`;
}

function label(x: number, y: number, text: string, anchor: 'start' | 'middle' | 'end'): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}">${escapeHtml(text)}</text>`;
}

function drawing(title: string, height: number, parts: readonly string[]): string {
  return `<figure><figcaption>${escapeHtml(title)}</figcaption><svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escapeHtml(title)}">${parts.join('')}</svg></figure>`;
}

function verticalGrid(
  x: Axis,
  ticks: readonly number[],
  across: (value: number) => number,
  bottom: number,
): string[] {
  return spaced(ticks, across).map((value) => {
    const at = across(value).toFixed(1);
    return `<line class="grid" x1="${at}" x2="${at}" y1="${TOP}" y2="${bottom}"/>${label(across(value), bottom + LINE, x.label(value), 'middle')}`;
  });
}

/** A position between `from` and `to` for each value between `low` and `high`. */
function between(
  scale: Axis['scale'],
  low: number,
  high: number,
  from: number,
  to: number,
): (value: number) => number {
  const place = scale === 'log' ? Math.log : (value: number) => value;
  const span = place(high) - place(low);
  return (value) =>
    span === 0 ? (from + to) / 2 : from + ((place(value) - place(low)) / span) * (to - from);
}

/** An axis that shows the values: whole powers of ten, or even steps from zero. */
function axisOf(
  { scale }: Pick<Axis, 'scale'>,
  values: readonly number[],
  from: number,
  to: number,
): { at: (value: number) => number; ticks: number[] } {
  const high = Math.max(...values);
  if (scale === 'log') {
    const first = Math.floor(Math.log10(Math.min(...values)));
    const last = Math.max(first + 1, Math.ceil(Math.log10(high)));
    const ticks = Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index));
    return { at: between(scale, 10 ** first, 10 ** last, from, to), ticks };
  }
  const power = 10 ** Math.floor(Math.log10(high / MOST_STEPS));
  const step = power * ([1, 2, 5].find((one) => one * power * MOST_STEPS >= high) ?? 10);
  const steps = Math.ceil(high / step);
  const ticks = Array.from({ length: steps + 1 }, (_, index) => index * step);
  return { at: between(scale, 0, steps * step, from, to), ticks };
}

/** On an axis that begins at zero. */
const MOST_STEPS = 5;

function scaleText({ scale }: Axis): string {
  return scale === 'log' ? ' (logarithmic)' : '';
}

function sureText(sure: readonly [low: number, high: number] | undefined, { label: text }: Axis): string {
  return sure === undefined ? '' : `, 95 % sure: ${text(sure[0])} to ${text(sure[1])}`;
}

/** As many of the values as fit beside each other with their labels. */
function spaced(values: readonly number[], position: (value: number) => number): number[] {
  const width = 45;
  const shown: number[] = [];
  for (const value of values) {
    const last = shown.at(-1);
    if (last === undefined || position(value) - position(last) >= width) shown.push(value);
  }
  return shown;
}

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for HTML and SVG, between tags and in attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter);
}
