import { outcomesAt } from './crash-outcomes.js';
import { element } from './element.js';
import { foundAt } from './moment.js';
import type { Pair, Recordings, Run, Tally } from './recordings.js';
import { duration, foundName, percent, ruined } from './words.js';

/** A question, its possible answers, and what the recordings say. */
interface Question {
  id: string;
  recipe: string;
  ask: string;
  answers: readonly { text: string; right?: boolean }[];
  /** What was recorded, drawn up from the data alone. */
  answer(pairs: readonly Pair[]): (Node | string)[];
}

const QUESTIONS: readonly Question[] = [
  {
    id: 'exdev',
    recipe: 'copied-over',
    ask: 'The temporary file is written to /tmp, which is another filesystem than the file’s. What does the rename do?',
    answers: [
      { text: 'It moves the file, as mv does.' },
      { text: 'It fails, and copying the temporary over the file instead comes to the same.' },
      { text: 'It fails, and copying over the file instead is no longer atomic.', right: true },
    ],
    answer: exdevAnswer,
  },
  {
    id: 'no-fsync',
    recipe: 'rename-unsynced',
    ask: 'The temporary is in the right directory, but is not synced before the rename. A while after it, the power fails. What may stand there?',
    answers: [
      { text: 'The old version or the new one: the rename is atomic.' },
      { text: 'On some filesystems neither of them.', right: true },
      { text: 'Always the new one: the rename comes after the write.' },
    ],
    answer: (pairs) => [
      'For other processes the rename is atomic; for the disk it is one more thing to write, and the data may come later. After the promise had resolved, crashes left:',
      talliesTable(pairs, ({ after }) => after),
      ...pairs.map((pair) => sentenceOn(pair)),
      'That a filesystem ruined no file here is no promise. ext4 begins to write the data when a rename replaces a file, and does not wait for it; the crash lab has found files torn by that, too (docs/crash-results.md, rename-before-data).',
    ],
  },
  {
    id: 'no-directory-sync',
    recipe: 'no-directory-sync',
    ask: 'The temporary is synced, then renamed, and the program says: saved. The directory is not synced. Is the new version safe from then on?',
    answers: [
      { text: 'Yes: its data was synced, and the rename followed.' },
      { text: 'No: the name may still be the old one’s.', right: true },
      { text: 'No: the file may be torn.' },
    ],
    answer: (pairs) => [
      'The data is on the platter, and so it is never torn. But the new name is in memory until the filesystem commits it. After the promise had resolved, crashes left:',
      talliesTable(pairs, ({ after }) => after),
      'So the textbook syncs the directory, and most packages on npm do not.',
    ],
  },
];

/** @param watch shows a recording of this recipe on this filesystem at this time. */
export function questionList(
  { pairs }: Recordings,
  watch: (filesystem: string, recipe: string, at: number) => void,
): HTMLElement[] {
  return QUESTIONS.map((question, index) => {
    const about = pairs.filter(({ recipe }) => recipe === question.recipe);
    const answer = element('div', { class: 'answer', role: 'status' });
    const buttons = question.answers.map(({ text, right }) => {
      const button = element('button', { type: 'button', 'aria-pressed': 'false' }, text);
      button.addEventListener('click', () => {
        for (const other of buttons) {
          other.setAttribute('aria-pressed', String(other === button));
          other.classList.remove('right', 'wrong');
        }
        button.classList.add(right === true ? 'right' : 'wrong');
        answer.replaceChildren(
          element('p', {}, element('strong', {}, right === true ? 'Right. ' : 'Not so. ')),
          ...question.answer(about).map((part) => (typeof part === 'string' ? element('p', {}, part) : part)),
          watchButtons(about, watch),
        );
      });
      return button;
    });
    return element(
      'section',
      { class: 'question', id: `question-${question.id}`, 'aria-labelledby': `ask-${question.id}` },
      element('h3', { id: `ask-${question.id}` }, `${index + 1}. ${question.ask}`),
      element('div', { class: 'answers', role: 'group', 'aria-label': 'Your guess' }, ...buttons),
      answer,
    );
  });
}

function watchButtons(
  pairs: readonly Pair[],
  watch: (filesystem: string, recipe: string, at: number) => void,
): HTMLElement {
  return element(
    'p',
    { class: 'watch' },
    'See it recorded: ',
    ...pairs.map((pair) => {
      const button = element('button', { type: 'button' }, pair.filesystem);
      button.addEventListener('click', () => watch(pair.filesystem, pair.recipe, worstMoment(pair)));
      return button;
    }),
  );
}

/** The first moment at which a crash may ruin the file, or else lose what was reported as saved. */
export function worstMoment(pair: Pair): number {
  const run = pair.beside;
  const moments = [run.begin, ...run.requests.map(({ end }) => end)].flatMap((at) =>
    at < run.settled ? [at] : [Math.max(at, run.settled)],
  );
  const outcomes = (at: number) => outcomesAt(pair, run, 'durable', at);
  return (
    moments.find((at) => outcomes(at).some(({ found }) => found.kind !== 'old' && found.kind !== 'new')) ??
    moments.find((at) => outcomes(at).some(({ judgement }) => judgement.says === 'lost')) ??
    run.settled
  );
}

function exdevAnswer(pairs: readonly Pair[]): (Node | string)[] {
  const call = pairs.flatMap(({ alone }) => alone.calls).find(({ result }) => result.includes('EXDEV'));
  const seen = pairs.flatMap((pair) => {
    const half = [pair.alone, pair.beside]
      .map((run) => halfWay(pair, run))
      .find((text) => text !== undefined);
    return half === undefined ? [] : [`On ${pair.filesystem} another process found ${half}.`];
  });
  return [
    'A rename only changes a name within one filesystem. This was recorded:',
    element('pre', {}, call === undefined ? 'no such call' : `${call.name}(${call.text}) = ${call.result}`),
    'The copy that programs fall back to cuts the old file off and fills it again, in front of everybody’s eyes.',
    ...seen,
    'And a crash, at any time during and after it, left:',
    talliesTable(pairs, ({ before, after }) => add(before, after)),
  ];
}

/** What another process read that is neither version, and for how long. */
function halfWay(pair: Pair, run: Run): string | undefined {
  const index = run.reads.findIndex(([, found]) => !['old', 'new'].includes(foundAt(pair, found).kind));
  const read = run.reads[index];
  if (read === undefined) return undefined;
  const until =
    run.reads.slice(index).find(([, found]) => foundAt(pair, found).kind === 'new')?.[0] ?? run.end;
  const found = foundAt(pair, read[1]);
  return `${found.kind === 'empty' ? 'an' : 'a'} ${found.kind === 'torn' ? 'torn file' : foundName(found)}, for ${duration(until - read[0])}`;
}

function sentenceOn({ filesystem, survey: { after } }: Pair): string {
  const bad = ruined(after);
  return bad === 0
    ? `${filesystem} left the old version or the new one in all ${after.states} crashes.`
    : `${filesystem} left ${after.empty > 0 ? `an empty file in ${after.empty}` : `neither in ${bad}`} of ${after.states}.`;
}

function talliesTable(pairs: readonly Pair[], tallyOf: (survey: Pair['survey']) => Tally): HTMLElement {
  const columns = ['old', 'new', 'empty', 'torn', 'missing'] as const;
  return element(
    'div',
    { class: 'table' },
    element(
      'table',
      {},
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          ...['', 'crashes', 'old', 'new', 'empty', 'torn', 'gone'].map((name) => element('th', {}, name)),
        ),
      ),
      element(
        'tbody',
        {},
        ...pairs.map((pair) => {
          const tally = tallyOf(pair.survey);
          return element(
            'tr',
            {},
            element('th', { scope: 'row' }, pair.filesystem),
            element('td', {}, String(tally.states)),
            ...columns.map((column) =>
              element('td', {}, tally[column] === 0 ? '' : percent(tally[column] / tally.states)),
            ),
          );
        }),
      ),
    ),
  );
}

function add(a: Tally, b: Tally): Tally {
  return {
    states: a.states + b.states,
    old: a.old + b.old,
    new: a.new + b.new,
    empty: a.empty + b.empty,
    missing: a.missing + b.missing,
    torn: a.torn + b.torn,
    unmountable: a.unmountable + b.unmountable,
    litter: a.litter + b.litter,
  };
}
