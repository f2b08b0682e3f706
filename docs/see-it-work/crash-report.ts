import { type CrashOutcome, outcomesAt, verdictOf } from './crash-outcomes.js';
import { element } from './element.js';
import type { Shown, Tally } from './recordings.js';
import { CELL, cellText, type Found } from './settings-file.js';
import { foundTiles } from './tiles.js';
import { foundName, milliseconds, percent, ruined } from './words.js';

/** The outcomes of a crash at this instant, and those of the crashes in all recordings. */
export function crashReport({ pair, run, recipe }: Shown, at: number): HTMLElement[] {
  const outcomes = outcomesAt(pair, run, recipe.promises, at);
  const states = outcomes.reduce((sum, outcome) => sum + outcome.states, 0);
  const resolved = at >= run.settled && run.rejected === undefined;
  const verdict = verdictOf(outcomes);
  return [
    element('h4', {}, crashTitle(at)),
    element('p', { class: `verdict ${verdict.says}` }, verdict.text),
    element(
      'p',
      { class: 'save-state' },
      at < 0
        ? 'The program had not saved yet. '
        : resolved
          ? 'The program had been told “saved”. '
          : 'The program had not been told “saved” yet. ',
      states === 1
        ? 'Only one state of the disk is possible. It was mounted:'
        : `${states} possible states of the disk were mounted:`,
    ),
    element('ul', { class: 'outcomes' }, ...outcomes.map(outcomeItem)),
    element(
      'details',
      { class: 'survey' },
      element('summary', {}, `Crashes in all ${pair.survey.recordings} recordings`),
      element('p', {}, surveyText({ pair, recipe })),
    ),
  ];
}

/** The same in one paragraph, for screen readers. */
export function crashSentence({ pair, run, recipe }: Shown, at: number): string {
  const outcomes = outcomesAt(pair, run, recipe.promises, at);
  const each = outcomes
    .map(({ share, found, judgement }) => `${percent(share)} ${foundName(found)}. ${judgement.text}`)
    .join(' ');
  return `${recipe.title}: ${verdictOf(outcomes).text} ${each}`;
}

function outcomeItem({ found, litter, share, states, judgement }: CrashOutcome): HTMLElement {
  const bar = element('span', { class: 'share-bar' });
  bar.style.setProperty('--share', String(share));
  return element(
    'li',
    { class: `outcome ${judgement.says}`, 'data-found': found.kind, 'data-states': states },
    element('div', { class: 'share' }, element('b', {}, percent(share)), bar),
    element(
      'div',
      {},
      ...foundTiles(found),
      element(
        'p',
        { class: 'judgement' },
        judgement.text,
        litter ? ' A temporary file is left beside it.' : undefined,
      ),
      found.cells.length === 0
        ? undefined
        : element(
            'details',
            {},
            element('summary', {}, 'The file as found'),
            element('pre', {}, excerpt(found)),
          ),
    ),
  );
}

/** The first lines of each range of cells of the same kind. */
export function excerpt({ cells }: Found): string {
  const parts: string[] = [];
  for (let first = 0; first < cells.length; ) {
    const kind = cells[first] ?? 'other';
    let end = first;
    while (cells[end] === kind) end++;
    const lines = cellText(kind, first).match(/.{1,64}/gs) ?? [];
    parts.push(`── byte ${first * CELL} to ${end * CELL - 1}: ${kind === 'zero' ? 'zeros' : kind}`);
    parts.push(...lines.slice(0, 3).map((line) => line.trimEnd()), '   …');
    first = end;
  }
  return parts.join('\n');
}

function surveyText({ pair: { survey, filesystem }, recipe }: Pick<Shown, 'pair' | 'recipe'>): string {
  const { before, after, recordings } = survey;
  const parts = [
    `of ${count(before.states)} crashes before the promise resolved, ${share(ruined(before), before)} ruined the file`,
    `of ${count(after.states)} after it, ${share(ruined(after), after)} did, and ${share(after.old, after)} left the old version${
      recipe.promises === 'ordered' ? ', as an ordered save may' : ''
    }`,
    `${share(before.litter + after.litter, { states: before.states + after.states })} of all left a temporary file`,
  ];
  return `In all ${recordings} recordings of this on ${filesystem} with another program that syncs: ${parts.join('; ')}.`;
}

function share(part: number, { states }: Pick<Tally, 'states'>): string {
  return part === 0 ? 'none' : percent(part / states);
}

function count(states: number): string {
  return states.toLocaleString('en');
}

export function crashTitle(at: number): string {
  return at < 0
    ? `The power fails ${milliseconds(-at)} before the save`
    : `The power fails at ${milliseconds(at)}`;
}
