import { isVariant } from './combinations.js';
import { element } from './element.js';
import type { Pair, Recordings } from './recordings.js';
import { lengthOf } from './settings-file.js';
import { bytes, duration, percent, ruined } from './words.js';

/** The costs of each recipe, its outcomes, and explanations. */
export function costsSection(recordings: Recordings): HTMLElement[] {
  const { pairs } = recordings;
  const of = (filesystem: string, recipe: string) =>
    pairs.find((pair) => pair.filesystem === filesystem && pair.recipe === recipe);
  const filesystems = [...new Set(pairs.map(({ filesystem }) => filesystem))];
  return [
    element(
      'p',
      {},
      'Time and flushes are of one save with nothing else running, the quickest of several. Ruined and lost are of crashes while another program syncs: how many left a ruined file at any time, and how many left the old version after the program had been told “saved”.',
    ),
    costsTables(recordings, filesystems),
    element(
      'div',
      { class: 'tradeoffs' },
      tradeoff('Flushes are the cost', flushes(recordings, of)),
      tradeoff('What fsync guarantees', FSYNC),
      tradeoff('Twice the space, for a short time', space(of)),
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
    ['textbook', 'the textbook recipe'],
    ['save', 'indelible'],
    ['save-ordered', 'an ordered save'],
    ['overwrite', 'fs.writeFile'],
  ].flatMap(([recipe = '', name]) => {
    const cost = of('ext4', recipe)?.cost;
    return cost === undefined ? [] : [`${name} ${cost.flushes} (${duration(cost.duration)})`];
  });
  return `This disk takes ${duration(flush)} to flush its cache, as an ordinary SATA SSD does; the recorded median is ${duration(median)}. Calls and writes take very little time in comparison. Flushes that a save waits for on ext4, and its time: ${sentences.join(', ')}. A save that waits for no flush is fast, but its data is not safe yet.`;
}

const FSYNC =
  'When fsync or fdatasync returns, the content that the file had before the call is on the platter: its data and its length, and with fsync all its other metadata. The name of the file is not included. The name is content of the directory, so the directory must be synced, too. There is no guarantee about what is on the platter before the call returns, or about other files. A disk that reports a flush it has not done breaks all of these guarantees.';

const SAME =
  'A rename is atomic only within one filesystem. So the temporary must be in the file’s own directory. The program needs permission to write there, and a crash may leave a temporary there. If /tmp is on another filesystem, the temporary must not be in it.';

function space(of: Find): string {
  const pair = of('ext4', 'save');
  const written =
    pair === undefined
      ? ''
      : ` To save these ${bytes(lengthOf('new'))}, ${bytes(pair.cost.written)} were written to the disk, including the journal.`;
  return `Until the rename, both versions are on the disk: ${bytes(lengthOf('old'))} and ${bytes(lengthOf('new'))} here. If the disk is full, the save fails and the old version stays.${written}`;
}

function tradeoff(title: string, text: string): HTMLElement {
  return element('section', {}, element('h3', {}, title), element('p', {}, text));
}

/** One table a filesystem, so that none is wider than a telephone. */
function costsTables({ recipes, pairs }: Recordings, filesystems: readonly string[]): HTMLElement {
  return element(
    'div',
    { class: 'tables' },
    ...filesystems.map((filesystem) =>
      element(
        'table',
        {},
        element('caption', {}, filesystem),
        element(
          'thead',
          {},
          element(
            'tr',
            {},
            ...['recipe', 'time, ms', 'flushes, number', 'ruined, % of crashes', 'lost, % of crashes'].map(
              (name) => element('th', { scope: 'col' }, name),
            ),
          ),
        ),
        element(
          'tbody',
          {},
          ...recipes.flatMap(({ id, title, promises }) => {
            const pair = pairs.find((one) => one.recipe === id && one.filesystem === filesystem);
            if (pair === undefined || isVariant(id)) return [];
            const { cost, survey } = pair;
            const { before, after } = survey;
            return [
              element(
                'tr',
                {},
                element('th', { scope: 'row' }, title),
                element('td', {}, (cost.duration / 1000).toFixed(1)),
                element('td', {}, String(cost.flushes)),
                shareCell(ruined(before) + ruined(after), before.states + after.states, true),
                shareCell(after.old, after.states, promises === 'durable'),
              ),
            ];
          }),
        ),
      ),
    ),
  );
}

/** @param bad whether a count above 0 means a broken promise. */
function shareCell(count: number, states: number, bad: boolean): HTMLElement {
  if (count === 0) return element('td', { class: 'none' }, '0');
  return element('td', { class: bad ? 'bad' : '' }, percent(count / states).replace(/\s%$/, ''));
}
