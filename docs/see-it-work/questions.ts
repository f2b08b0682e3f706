import { element } from './element.js';
import { foundAt } from './moment.js';
import { worstMoment } from './moments.js';
import type { Pair, Recordings, Run, Tally } from './recordings.js';
import { duration, foundName, percent, ruined } from './words.js';

/** A question, its possible answers, and the results of the recordings. */
interface Question {
  id: string;
  recipe: string;
  ask: string;
  answers: readonly { text: string; right?: boolean }[];
  /** The explanation, made from the recorded data. */
  answer(pairs: readonly Pair[]): (Node | string)[];
}

const QUESTIONS: readonly Question[] = [
  {
    id: 'exdev',
    recipe: 'copied-over',
    ask: 'The temporary file is written to /tmp, which is on another filesystem than the file. What does the rename do?',
    answers: [
      { text: 'It moves the file, as mv does.' },
      { text: 'It fails, and copying over the file instead has the same effect.' },
      { text: 'It fails, and copying over the file instead is no longer atomic.', right: true },
    ],
    answer: exdevAnswer,
  },
  {
    id: 'no-fsync',
    recipe: 'rename-unsynced',
    ask: 'The temporary is in the right directory, but neither it nor the directory is synced. Some time later the power fails. What may be found?',
    answers: [
      { text: 'The old version or the new one: the rename is atomic.' },
      { text: 'On some filesystems neither of them.', right: true },
      { text: 'Always the new one: the rename comes after the write.' },
    ],
    answer: (pairs) => [
      'For other processes the rename is atomic. For the disk it is one of several writes, and the data may be written after it. Crashes after the promise had resolved left:',
      talliesTable(pairs, ({ after }) => after),
      ...pairs.map((pair) => sentenceOn(pair)),
      'A filesystem that ruined no file here does not promise that it never does. ext4 begins to write the data when a rename replaces a file, and does not wait for it. The crash lab has found files torn on ext4, too (docs/crash-results.md, rename-before-data).',
    ],
  },
  {
    id: 'no-directory-sync',
    recipe: 'no-directory-sync',
    ask: 'The temporary is synced, then renamed, and the save resolves. The directory is not synced. Is the new version safe now?',
    answers: [
      { text: 'Yes: its data was synced, and the rename followed.' },
      { text: 'No: the name may still be that of the old version.', right: true },
      { text: 'No: the file may be torn.' },
    ],
    answer: (pairs) => [
      'The data is on the platter, so the file is never torn. But the rename is only in memory until the filesystem commits it. Crashes after the promise had resolved left:',
      talliesTable(pairs, ({ after }) => after),
      'So the textbook recipe syncs the directory. Most packages on npm do not.',
    ],
  },
];

/** Plays the recording of a recipe on a filesystem to a time, and crashes it there. */
export type Watch = (shown: { filesystem: string; recipe: string; busy: boolean }, at: number) => void;

export function questionList({ pairs }: Recordings, watch: Watch): HTMLElement[] {
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
          element('p', {}, element('strong', {}, right === true ? 'Right. ' : 'Wrong. ')),
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

function watchButtons(pairs: readonly Pair[], watch: Watch): HTMLElement {
  return element(
    'p',
    { class: 'watch' },
    'Watch the recording: ',
    ...pairs.map((pair) => {
      const button = element('button', { type: 'button' }, pair.filesystem);
      button.addEventListener('click', () =>
        watch(
          { filesystem: pair.filesystem, recipe: pair.recipe, busy: true },
          worstMoment(pair, pair.beside) ?? pair.beside.settled,
        ),
      );
      return button;
    }),
  );
}

function exdevAnswer(pairs: readonly Pair[]): (Node | string)[] {
  const call = pairs.flatMap(({ alone }) => alone.calls).find(({ result }) => result.includes('EXDEV'));
  const seen = pairs.flatMap((pair) => {
    const half = [pair.alone, pair.beside]
      .map((run) => partlyWritten(pair, run))
      .find((text) => text !== undefined);
    return half === undefined ? [] : [`On ${pair.filesystem} another process found ${half}.`];
  });
  return [
    'A rename works only within one filesystem. The recorded call:',
    element('pre', {}, call === undefined ? 'no such call' : `${call.name}(${call.text}) = ${call.result}`),
    'Programs then copy. The copy truncates the old file and fills it again, and other processes can read it in between.',
    ...seen,
    'Crashes at any time before and after the promise resolved left:',
    talliesTable(pairs, ({ before, after }) => add(before, after)),
  ];
}

/** What another process read that is neither version, and how long. */
function partlyWritten(pair: Pair, run: Run): string | undefined {
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

const OUTCOMES = ['old', 'new', 'empty', 'torn', 'missing'] as const;

function talliesTable(pairs: readonly Pair[], tallyOf: (survey: Pair['survey']) => Tally): HTMLElement {
  const columns = OUTCOMES.filter((name) => pairs.some(({ survey }) => tallyOf(survey)[name] > 0));
  return element(
    'div',
    { class: 'table', tabindex: 0, role: 'group', 'aria-label': 'What the crashes left' },
    element(
      'table',
      {},
      element(
        'thead',
        {},
        element('tr', {}, ...['filesystem', 'crashes', ...columns].map((name) => element('th', {}, name))),
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
