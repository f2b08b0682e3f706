import { REQUEST_KINDS, type Recordings, SCHEMA } from './recordings.js';
import { decodeFound } from './settings-file.js';

/**
 * Checks what the types of recordings.ts cannot express: that the numbers are possible and the references are
 * valid.
 *
 * @throws {Error} with the path and the reason of the first error.
 */
export function checkRecordings(given: unknown): asserts given is Recordings {
  const recordings = objectAt(given, 'recordings');
  ensure(recordings.schema === SCHEMA, 'schema', `expected ${SCHEMA}`);
  numberAt(recordings.flush, 'flush');
  const sessions = arrayAt(recordings.sessions, 'sessions');
  for (const [index, one] of sessions.entries()) {
    const session = objectAt(one, `sessions[${index}]`);
    for (const key of ['kernel', 'node', 'processors', 'date', 'command'])
      stringAt(session[key], `sessions[${index}].${key}`);
    numberAt(session.seed, `sessions[${index}].seed`);
  }
  const recipes = arrayAt(recordings.recipes, 'recipes').map((one, index) => {
    const recipe = objectAt(one, `recipes[${index}]`);
    for (const key of ['id', 'title', 'summary', 'code']) stringAt(recipe[key], `recipes[${index}].${key}`);
    ensure(['durable', 'ordered'].includes(String(recipe.promises)), `recipes[${index}].promises`, 'unknown');
    return recipe.id;
  });
  const pairs = arrayAt(recordings.pairs, 'pairs');
  ensure(pairs.length > 0, 'pairs', 'empty');
  const seen = new Set<string>();
  for (const one of pairs) {
    const pair = objectAt(one, 'pairs');
    const name = `${stringAt(pair.filesystem, 'filesystem')}/${stringAt(pair.recipe, 'recipe')}`;
    ensure(recipes.includes(pair.recipe), name, 'a recipe that is not described');
    ensure(!seen.has(name), name, 'recorded twice');
    ensure(sessions[numberAt(pair.session, name)] !== undefined, name, 'of a session that is not described');
    seen.add(name);
    checkPair(pair, name);
  }
}

type Fields = Readonly<Record<string, unknown>>;

function checkPair(pair: Fields, name: string): void {
  const found = arrayAt(pair.found, `${name}.found`);
  for (const text of found) decodeFound(stringAt(text, `${name}.found`));
  for (const key of ['alone', 'beside'])
    checkRun(objectAt(pair[key], `${name}.${key}`), found.length, `${name}.${key}`);
  const cost = objectAt(pair.cost, `${name}.cost`);
  for (const key of ['recordings', 'duration', 'flushes', 'written'])
    numberAt(cost[key], `${name}.cost.${key}`);
  const survey = objectAt(pair.survey, `${name}.survey`);
  numberAt(survey.recordings, `${name}.survey.recordings`);
  for (const key of ['before', 'after']) {
    const tally = objectAt(survey[key], `${name}.survey.${key}`);
    const kinds = ['old', 'new', 'empty', 'missing', 'torn', 'unmountable'];
    const sum = kinds.reduce(
      (total, kind) => total + numberAt(tally[kind], `${name}.survey.${key}.${kind}`),
      0,
    );
    ensure(sum === tally.states, `${name}.survey.${key}`, 'the outcomes are not as many as the states');
  }
}

function checkRun(run: Fields, founds: number, name: string): void {
  const [begin, settled, end] = ['begin', 'settled', 'end'].map((key) =>
    numberAt(run[key], `${name}.${key}`),
  );
  ensure(
    (begin ?? 0) < 0 && 0 < (settled ?? 0) && (settled ?? 0) < (end ?? 0),
    name,
    'times in the wrong order',
  );
  for (const one of arrayAt(run.calls, `${name}.calls`)) {
    const call = objectAt(one, `${name}.calls`);
    for (const key of ['name', 'text', 'result']) stringAt(call[key], `${name}.calls.${key}`);
    for (const key of ['thread', 'start', 'duration']) numberAt(call[key], `${name}.calls.${key}`);
    ensure(call.by === 'saver' || call.by === 'neighbour', `${name}.calls.by`, 'unknown');
  }
  const refersTo = (index: unknown, where: string) =>
    ensure(
      Number.isInteger(index) && Number(index) >= 0 && Number(index) < founds,
      where,
      'refers to nothing',
    );
  const requests = arrayAt(run.requests, `${name}.requests`);
  let last = Number.NEGATIVE_INFINITY;
  for (const [index, one] of requests.entries()) {
    const where = `${name}.requests[${index}]`;
    const request = objectAt(one, where);
    ensure(
      REQUEST_KINDS.some((kind) => kind === request.kind),
      `${where}.kind`,
      'unknown',
    );
    const ended = numberAt(request.end, `${where}.end`);
    ensure(
      numberAt(request.start, `${where}.start`) <= ended && last <= ended,
      where,
      'not in the order of completion',
    );
    last = ended;
    const { covers } = request;
    ensure(
      (request.kind === 'flush') === (covers !== undefined),
      where,
      'a flush covers requests, nothing else does',
    );
    ensure(
      covers === undefined || numberAt(covers, where) <= index,
      `${where}.covers`,
      'covers requests that are not complete',
    );
  }
  for (const one of arrayAt(run.reads, `${name}.reads`))
    refersTo(arrayAt(one, `${name}.reads`)[1], `${name}.reads`);
  const crashes = arrayAt(run.crashes, `${name}.crashes`);
  ensure(crashes.length === requests.length + 1, `${name}.crashes`, 'not one for each position');
  for (const [index, one] of crashes.entries()) {
    const where = `${name}.crashes[${index}]`;
    const crash = objectAt(one, where);
    for (const key of ['all', 'none']) refersTo(crash[key], `${where}.${key}`);
    const outcomes = arrayAt(crash.outcomes, `${where}.outcomes`).map((outcome) => arrayAt(outcome, where));
    ensure(outcomes.length > 0, where, 'without an outcome');
    for (const [kind, litter, states] of outcomes) {
      refersTo(kind, where);
      ensure(litter === 0 || litter === 1, where, 'litter is neither 0 nor 1');
      ensure(numberAt(states, where) > 0, where, 'an outcome of no state');
    }
    for (const key of ['all', 'none']) {
      ensure(
        outcomes.some(([kind]) => kind === crash[key]),
        `${where}.${key}`,
        'is not among the outcomes',
      );
    }
  }
}

function ensure(holds: boolean, where: string, reason: string): asserts holds {
  if (!holds) throw new Error(`${where}: ${reason}`);
}

function objectAt(value: unknown, where: string): Fields {
  ensure(typeof value === 'object' && value !== null && !Array.isArray(value), where, 'not an object');
  return value as Fields;
}

function arrayAt(value: unknown, where: string): readonly unknown[] {
  ensure(Array.isArray(value), where, 'not a list');
  return value;
}

function stringAt(value: unknown, where: string): string {
  ensure(typeof value === 'string' && value !== '', where, 'not a text');
  return value;
}

function numberAt(value: unknown, where: string): number {
  ensure(typeof value === 'number' && Number.isFinite(value), where, 'not a number');
  return value;
}
