import { element } from './element.js';
import type { Pair, Recordings } from './recordings.js';
import { lengthOf } from './settings-file.js';
import { bytes, duration, percent, ruined } from './words.js';

/** What each recipe costs and buys, and what there is to know about it. */
export function costsSection(recordings: Recordings): HTMLElement[] {
  const { pairs } = recordings;
  const of = (filesystem: string, recipe: string) =>
    pairs.find((pair) => pair.filesystem === filesystem && pair.recipe === recipe);
  const filesystems = [...new Set(pairs.map(({ filesystem }) => filesystem))];
  return [
    costsTable(recordings, filesystems),
    element(
      'div',
      { class: 'tradeoffs' },
      tradeoff('A flush is what costs', flushes(recordings, of)),
      tradeoff('What fsync guarantees', FSYNC),
      tradeoff('Twice the space, for a moment', space(of)),
      tradeoff('The same filesystem only', SAME),
    ),
  ];
}

type Find = (filesystem: string, recipe: string) => Pair | undefined;

function flushes({ flush, pairs }: Recordings, of: Find): string {
  const took = pairs
    .flatMap(({ alone }) => alone.requests)
    .filter(({ kind }) => kind === 'flush')
    .map(({ start, end }) => end - start)
    .sort((a, b) => a - b);
  const median = took[Math.floor(took.length / 2)] ?? flush;
  const sentences = [
    ['textbook', 'the textbook'],
    ['save', 'indelible'],
    ['save-ordered', 'an ordered save'],
    ['overwrite', 'fs.writeFile'],
  ].flatMap(([recipe = '', name]) => {
    const cost = of('ext4', recipe)?.cost;
    return cost === undefined ? [] : [`${name} ${cost.flushes} (${duration(cost.duration)})`];
  });
  return `This disk takes ${duration(flush)} to empty its cache, as an ordinary SATA SSD does; recorded were ${duration(median)}. Calls and writes are next to nothing beside it. On ext4, waiting for flushes: ${sentences.join(', ')}. Who waits for none is fast because nothing is safe yet.`;
}

const FSYNC =
  'When fsync or fdatasync returns, what that file held before the call is on the platter: data and length, and for fsync all that is known about it. Not its name: that is the directory’s content, and the directory has to be synced for it. Nothing is said about what is on the platter before it returns, or about other files; and a disk that reports a flush it has not done takes all of it back.';

const SAME =
  'A rename is one step only within one filesystem. So the temporary has to stand in the file’s own directory: a program needs the right to write there, and after a crash a temporary may be left there. Where /tmp is on another filesystem, it is the wrong place.';

function space(of: Find): string {
  const pair = of('ext4', 'save');
  const written =
    pair === undefined
      ? ''
      : ` For these ${bytes(lengthOf('new'))} the disk was asked to write ${bytes(pair.cost.written)}, the journal included.`;
  return `Until the rename both versions are on the disk: ${bytes(lengthOf('old'))} and ${bytes(lengthOf('new'))} here. A full disk makes the save fail, and the old version stays.${written}`;
}

function tradeoff(title: string, text: string): HTMLElement {
  return element('section', {}, element('h3', {}, title), element('p', {}, text));
}

function costsTable({ recipes, pairs }: Recordings, filesystems: readonly string[]): HTMLElement {
  return element(
    'div',
    { class: 'table', tabindex: 0, role: 'region', 'aria-label': 'Costs and outcomes' },
    element(
      'table',
      {},
      element(
        'caption',
        {},
        'Of one save with nothing else running: its time in the quickest of several recordings, and the flushes it waits for. Of crashes beside another program that syncs: how many left a ruined file at any time, and how many a version older than the one reported as saved.',
      ),
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          element('th', { rowspan: 2 }, ''),
          ...filesystems.map((name) => element('th', { colspan: 4, scope: 'colgroup' }, name)),
        ),
        element(
          'tr',
          {},
          ...filesystems.flatMap(() =>
            ['time', 'flushes', 'ruined', 'lost'].map((name) => element('th', { scope: 'col' }, name)),
          ),
        ),
      ),
      element(
        'tbody',
        {},
        ...recipes.map(({ id, title, promises }) =>
          element(
            'tr',
            {},
            element('th', { scope: 'row' }, title),
            ...filesystems.flatMap((filesystem) => {
              const pair = pairs.find((one) => one.recipe === id && one.filesystem === filesystem);
              if (pair === undefined) return [element('td', { class: 'first', colspan: 4 }, 'not recorded')];
              const { cost, survey } = pair;
              const { before, after } = survey;
              return [
                element('td', { class: 'first' }, duration(cost.duration)),
                element('td', {}, String(cost.flushes)),
                shareCell(ruined(before) + ruined(after), before.states + after.states, true),
                shareCell(after.old, after.states, promises === 'durable'),
              ];
            }),
          ),
        ),
      ),
    ),
  );
}

/** @param bad whether any at all breaks a promise. */
function shareCell(count: number, states: number, bad: boolean): HTMLElement {
  if (count === 0) return element('td', { class: 'none' }, '0');
  return element('td', { class: bad ? 'bad' : '' }, percent(count / states));
}
