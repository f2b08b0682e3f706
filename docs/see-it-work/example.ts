import { pairOf } from './choice.js';
import { outcomesAt, verdictOf } from './crash-outcomes.js';
import { element } from './element.js';
import { worstMoment } from './moments.js';
import type { Watch } from './questions.js';
import type { Pair, Recordings, Run } from './recordings.js';
import { foundTiles } from './tiles.js';
import { percent } from './words.js';

/** A power failure in the worked example. */
interface Failure {
  title: string;
  recipe: string;
  busy: boolean;
  at(run: Run, pair: Pair): number;
}

const FILESYSTEM = 'ext4';

export const FAILURES: readonly Failure[] = [
  {
    title: 'The power fails while the temporary is written',
    recipe: 'textbook',
    busy: false,
    // A part of the new version may be in the cache of the disk.
    at: ({ requests }) => endOf(requests.find(({ kind }) => kind === 'data')),
  },
  {
    title: 'The power fails right at the rename',
    recipe: 'textbook',
    busy: false,
    at({ calls }) {
      const rename = calls.find(({ by, name }) => by === 'saver' && name.startsWith('rename'));
      return rename === undefined ? 0 : rename.start + rename.duration;
    },
  },
  {
    title: 'For comparison: fs.writeFile, while another program syncs',
    recipe: 'overwrite',
    busy: true,
    at: (run, pair) => worstMoment(pair, run) ?? run.settled,
  },
];

function endOf(request: { end: number } | undefined): number {
  return request?.end ?? 0;
}

/** What the power failures of the worked example leave, and a button that plays each. */
export function exampleSection(recordings: Recordings, watch: Watch): HTMLElement[] {
  return FAILURES.map(({ title, recipe, busy, at }) => {
    const pair = pairOf(recordings, FILESYSTEM, recipe);
    const run = busy ? pair.beside : pair.alone;
    const moment = at(run, pair);
    const outcomes = outcomesAt(pair, run, 'durable', moment);
    const button = element('button', { type: 'button' }, 'Watch it');
    button.addEventListener('click', () => watch({ filesystem: FILESYSTEM, recipe, busy }, moment));
    const verdict = verdictOf(outcomes);
    return element(
      'section',
      { class: 'failure' },
      element('h3', {}, title),
      element('p', { class: `verdict ${verdict.says}` }, verdict.text),
      ...outcomes.map(({ share, found, litter }) =>
        element(
          'div',
          { class: 'left-behind', 'data-found': found.kind },
          element('b', {}, percent(share)),
          element(
            'div',
            {},
            ...foundTiles(found),
            litter ? '. A temporary file is left beside it.' : undefined,
          ),
        ),
      ),
      element('p', {}, button),
    );
  });
}
