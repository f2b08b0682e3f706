import { pairOf, runOf } from './choice.js';
import { playedBy, STEPS } from './combinations.js';
import { momentOfDifference, worstMoment } from './moments.js';
import type { Recordings, Shown } from './recordings.js';
import { stopsOf, tourRecording } from './tour.js';
import type { View } from './view.js';

/** What is told above the stages. */
export interface Caption {
  title: string;
  text: string;
}

/** What the stages show. */
export interface Scene {
  /** The recordings, side by side; none for a combination of steps that is impossible. */
  shown: readonly Shown[];
  /** What is said of each in the place of its recipe's summary. */
  summaries?: readonly string[];
  begin: number;
  end: number;
  /** Where it begins to be shown. */
  at: number;
  /** How many times slower than recorded it is played at first. */
  slowness: number;
  caption(at: number): Caption | undefined;
}

/** The saves of the first scene, on this filesystem. */
export const LESSON = { filesystem: 'ext4', careless: 'overwrite', safe: 'save' };

const FREE_SLOWNESS = 500;
/** A short scene takes about this long to play, in milliseconds. */
const SCENE_TAKES = 8000;

export function sceneOf(view: View, recordings: Recordings): Scene {
  switch (view.kind) {
    case 'lesson':
      return lesson(recordings);
    case 'tour':
      return tour(recordings, view.stop);
    case 'break':
      return broken(view, recordings);
    case 'recordings': {
      const { filesystem, recipe, beside, busy } = view.choice;
      const shown = [recipe, ...(beside === undefined ? [] : [beside])].map((id) =>
        shownOf(recordings, filesystem, id, busy),
      );
      const begin = Math.min(...shown.map(({ run }) => run.begin));
      const end = Math.max(...shown.map(({ run }) => run.end));
      return { shown, begin, end, at: begin, slowness: FREE_SLOWNESS, caption: () => undefined };
    }
  }
}

function shownOf(recordings: Recordings, filesystem: string, id: string, busy: boolean): Shown {
  const recipe = recordings.recipes.find((one) => one.id === id);
  if (recipe === undefined) throw new Error(`not described: ${id}`);
  const pair = pairOf(recordings, filesystem, id);
  return { pair, run: runOf(pair, busy), recipe };
}

/** A careless save beside a safe one, until a crash ruins the one and not the other. */
function lesson(recordings: Recordings): Scene {
  const { filesystem } = LESSON;
  const careless = shownOf(recordings, filesystem, LESSON.careless, true);
  const safe = shownOf(recordings, filesystem, LESSON.safe, true);
  const end = momentOfDifference(careless, safe);
  const begin = Math.min(careless.run.begin, safe.run.begin);
  return {
    shown: [careless, safe],
    summaries: ['Careless: it writes over the live file.', 'Safe: it builds a new file and swaps it in.'],
    begin,
    end,
    // The picture before anything was played is that of the moment which it is about.
    at: end,
    slowness: slownessFor(end - begin),
    caption(at) {
      if (at < 0)
        return { title: 'Two programs are about to save.', text: 'The same settings, on the same disk.' };
      if (at < careless.run.settled)
        return { title: 'Both programs save.', text: 'Each waits to be told “saved”.' };
      if (at < safe.run.settled) {
        return {
          title: 'The careless save is quick.',
          text: 'Its program is told “saved”, and nothing is on the disk. The safe one sends its content to the disk, renames, and waits: on ext4 one sync then makes content and name safe together.',
        };
      }
      return at < end
        ? {
            title: 'Both programs were told “saved”.',
            text: 'Later the system writes to the disk what was left in memory.',
          }
        : {
            title: 'Both programs were told “saved”. Now cut the power.',
            text: '“Play” shows how it came to this.',
          };
    },
  };
}

function tour(recordings: Recordings, stop: number): Scene {
  const { pair, run } = tourRecording(recordings.pairs);
  const stops = stopsOf(run);
  const { begin, end } = run;
  return {
    shown: [shownOf(recordings, pair.filesystem, pair.recipe, false)],
    begin,
    end,
    at: stops[stop - 1]?.at ?? begin,
    slowness: FREE_SLOWNESS,
    caption(at) {
      const index = stops.findLastIndex((one) => one.at <= at);
      const one = stops[index];
      return one === undefined
        ? { title: 'Five stops in sixty seconds.', text: 'At each of them the power fails. Press “Play”.' }
        : { title: `${index + 1}. ${one.title}`, text: one.text };
    },
  };
}

/** The textbook recipe without some of its steps, until a crash does most harm. */
function broken({ steps, filesystem }: View & { kind: 'break' }, recordings: Recordings): Scene {
  const played = playedBy(steps);
  if ('impossible' in played) {
    return {
      shown: [],
      begin: 0,
      end: 0,
      at: 0,
      slowness: FREE_SLOWNESS,
      caption: () => ({ title: 'This cannot be done.', text: played.impossible }),
    };
  }
  const shown = shownOf(recordings, filesystem, played.recipe, true);
  const { begin, end: last } = shown.run;
  const worst = worstMoment(shown.pair, shown.run);
  const end = worst ?? last;
  const others = recordings.pairs
    .filter((pair) => pair.recipe === played.recipe && worstMoment(pair, pair.beside) !== undefined)
    .map((pair) => pair.filesystem);
  const harmElsewhere = `The same steps do harm on ${others.join(' and ')}.`;
  return {
    shown: [shown],
    summaries: [''],
    begin,
    end,
    at: begin,
    slowness: slownessFor(end - begin),
    caption: (at) => ({
      title:
        worst === undefined
          ? 'No instant of this recording does harm.'
          : at < end
            ? 'Something is missing. Press “Play”.'
            : 'Now cut the power: press “Crash now”.',
      text:
        worst === undefined && steps.size < STEPS.length ? `${played.means} ${harmElsewhere}` : played.means,
    }),
  };
}

/** The speeds that can be chosen. */
export const SPEEDS = [100, 200, 500, 1000, 2000, 5000];

function slownessFor(microseconds: number): number {
  const wanted = (SCENE_TAKES * 1000) / microseconds;
  return SPEEDS.findLast((speed) => speed <= wanted) ?? 100;
}
