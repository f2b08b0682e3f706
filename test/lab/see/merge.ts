import { type Pair, type Recordings, SCHEMA, type Session } from '../../../docs/see-it-work/recordings.js';

/** What one run of the recorder adds. */
export interface Recorded {
  session: Session;
  flush: number;
  recipes: Recordings['recipes'];
  pairs: readonly Omit<Pair, 'session'>[];
}

/**
 * The recordings of a run, and those of `before` that it has not made again.
 *
 * @throws {Error} if `before` is of a disk with another flush: their times cannot be compared.
 */
export function addSession(
  before: Recordings | undefined,
  { session, flush, recipes, pairs }: Recorded,
): Recordings {
  if (before !== undefined && before.flush !== flush) {
    throw new Error(`recorded with a flush of ${before.flush} µs, not of ${flush} µs`);
  }
  const again = ({ filesystem, recipe }: Pair) =>
    pairs.some((pair) => pair.filesystem === filesystem && pair.recipe === recipe);
  const kept = before?.pairs.filter((pair) => !again(pair)) ?? [];
  const sessions = [...(before?.sessions ?? []), session];
  const named = [...kept, ...pairs.map((pair): Pair => ({ ...pair, session: sessions.length - 1 }))];
  // A session all of whose recordings were made again is left out.
  const used = sessions.filter((_, index) => named.some((pair) => pair.session === index));
  const renumbered = named.map((pair): Pair => {
    const of = sessions[pair.session];
    return { ...pair, session: of === undefined ? -1 : used.indexOf(of) };
  });
  const order = recipes.map(({ id }) => id);
  const filesystems = [...new Set(renumbered.map(({ filesystem }) => filesystem))];
  const place = (pair: Pair) =>
    filesystems.indexOf(pair.filesystem) * order.length + order.indexOf(pair.recipe);
  return {
    schema: SCHEMA,
    flush,
    sessions: used,
    recipes,
    pairs: renumbered.sort((a, b) => place(a) - place(b)),
  };
}
