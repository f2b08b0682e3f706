/** A line of a chart, in the order of its points. */
export interface Series {
  name: string;
  points: readonly { x: number; y: number }[];
}

export interface Axis {
  /** The text beside the axis for a value. */
  label(value: number): string;
}

/** A row of a chart of ranges: its two ends, and the marked values between them. */
export interface Range {
  name: string;
  from: number;
  to: number;
  /** A mark without a place has no position in this range. It keeps its colour in the others. */
  marks: readonly { name: string; at: number | undefined }[];
}

/** A bar, divided into parts. */
export interface Bar {
  name: string;
  parts: readonly { name: string; value: number }[];
}

/** In the drawing's own units, which are scaled to the page. Small, so that the letters stay readable on a phone. */
const WIDTH = 420;
const LEFT = 52;
const RIGHT = 22;
const PLOT_HEIGHT = 190;
const TOP = 8;
const LINE = 14;
const ROW = 17;
/** The mean width of a letter. */
const LETTER = 6;
/** The most letters beside a range. */
const LONGEST = 32;
/** The number of colours in the style sheet. */
const COLOURS = 8;

/** Lines over two logarithmic axes, with a legend below. */
export function lineChart(title: string, series: readonly Series[], x: Axis, y: Axis): string {
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return '';
  const across = scale(
    points.map((point) => point.x),
    LEFT,
    WIDTH - RIGHT,
  );
  const up = scale(
    points.map((point) => point.y),
    TOP + PLOT_HEIGHT,
    TOP,
  );
  const parts = [
    ...decades(points.map((point) => point.y)).map((value) => {
      const at = up(value).toFixed(1);
      return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}"/>${label(LEFT - 5, up(value) + 4, y.label(value), 'end')}`;
    }),
    ...spaced(
      [...new Set(points.map((point) => point.x))].sort((a, b) => a - b),
      across,
    ).map((value) => label(across(value), TOP + PLOT_HEIGHT + LINE, x.label(value), 'middle')),
    ...series.map(({ name, points: own }, index) => {
      const dots = own.map((point) => {
        const title = escapeHtml(`${name}, ${x.label(point.x)}: ${y.label(point.y)}`);
        return `<circle class="c${index % COLOURS}" cx="${across(point.x).toFixed(1)}" cy="${up(point.y).toFixed(1)}" r="2.5"><title>${title}</title></circle>`;
      });
      const path = own.map((point) => `${across(point.x).toFixed(1)},${up(point.y).toFixed(1)}`).join(' ');
      return `<polyline class="c${index % COLOURS} ${index < COLOURS ? '' : 'dashed'}" points="${path}"/>${dots.join('')}`;
    }),
    ...series.map(({ name }, index) => legend(name, index, TOP + PLOT_HEIGHT + 2 * LINE + 8)),
  ];
  const rows = Math.ceil(series.length / LEGEND_COLUMNS);
  return drawing(title, TOP + PLOT_HEIGHT + 2 * LINE + 8 + rows * LINE, parts);
}

/** Ranges over one logarithmic axis, one below the other. */
export function rangeChart(title: string, ranges: readonly Range[], x: Axis): string {
  if (ranges.length === 0) return '';
  const values = ranges.flatMap(({ from, to }) => [from, to]);
  const left = Math.min(LONGEST, Math.max(18, ...ranges.map(({ name }) => name.length))) * LETTER + 10;
  const across = scale(values, left, WIDTH - RIGHT);
  const bottom = TOP + ranges.length * ROW;
  const parts = [
    ...spaced(decades(values), across).map((value) => {
      const at = across(value).toFixed(1);
      return `<line class="grid" x1="${at}" x2="${at}" y1="${TOP}" y2="${bottom}"/>${label(across(value), bottom + LINE, x.label(value), 'middle')}`;
    }),
    ...ranges.map(({ name, from, to, marks }, index) => {
      const y = TOP + index * ROW + ROW / 2;
      const drawn = marks.map(({ name: what, at }, mark) =>
        at === undefined
          ? ''
          : `<circle class="c${mark % COLOURS}" cx="${across(at).toFixed(1)}" cy="${y}" r="${mark === 0 ? 4 : 2.5}"><title>${escapeHtml(`${name}, ${what}: ${x.label(at)}`)}</title></circle>`,
      );
      return `${label(left - 6, y + 4, shortened(name), 'end')}<line class="range" x1="${across(from).toFixed(1)}" x2="${across(to).toFixed(1)}" y1="${y}" y2="${y}"/>${drawn.join('')}`;
    }),
    ...(ranges[0]?.marks ?? []).map(({ name }, index) => legend(name, index, bottom + LINE + 14)),
  ];
  const rows = Math.ceil((ranges[0]?.marks.length ?? 0) / LEGEND_COLUMNS);
  return drawing(title, bottom + LINE + 14 + rows * LINE, parts);
}

/** Bars, divided into parts. Their lengths are relative to the longest. */
export function barChart(title: string, bars: readonly Bar[], x: Axis): string {
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

const LEGEND_COLUMNS = 3;

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

/** A logarithmic scale, from values to positions between `from` and `to`. */
function scale(values: readonly number[], from: number, to: number): (value: number) => number {
  const low = Math.log(Math.min(...values));
  const span = Math.log(Math.max(...values)) - low;
  return (value) => (span === 0 ? (from + to) / 2 : from + ((Math.log(value) - low) / span) * (to - from));
}

/** The powers of ten in the range of the values. If there are fewer than two, the ends of the range. */
function decades(values: readonly number[]): number[] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const found: number[] = [];
  for (let power = Math.ceil(Math.log10(low)); 10 ** power <= high; power += 1) found.push(10 ** power);
  return found.length >= 2 ? found : [low, high];
}

/** As many of the values as fit beside each other with their labels. */
function spaced(values: readonly number[], position: (value: number) => number): number[] {
  const width = 42;
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
