import { type CrashOutcome, outcomesAt } from './crash-outcomes.js';
import { element } from './element.js';
import type { Shown } from './panel.js';
import type { Tally } from './recordings.js';
import { CELL, cellText, type Found } from './settings-file.js';
import { foundTiles } from './tiles.js';
import { foundName, milliseconds, percent, ruined } from './words.js';

/** What a crash at this instant leaves, and what crashes of all recordings left. */
export function crashReport({ pair, run, recipe }: Shown, at: number): HTMLElement {
  const outcomes = outcomesAt(pair, run, recipe.promises, at);
  const states = outcomes.reduce((sum, outcome) => sum + outcome.states, 0);
  const told = at >= run.settled && run.rejected === undefined;
  return element(
    'article',
    { class: 'stage crash-report', 'aria-label': `Crash: ${recipe.title} on ${pair.filesystem}` },
    element('h3', {}, recipe.title, ' ', element('small', {}, `on ${pair.filesystem}`)),
    element(
      'p',
      { class: 'told' },
      at < 0
        ? 'The program had not called save yet. '
        : told
          ? 'The program had been told: saved. '
          : 'The program was still waiting. ',
      states === 1
        ? 'The disk’s cache was empty, so there is one outcome. It was mounted and read:'
        : `Of what was in the disk’s cache, any part may have been kept. ${states} such disks were mounted and read:`,
    ),
    element('ul', { class: 'outcomes' }, ...outcomes.map(outcomeItem)),
    element('p', { class: 'survey' }, surveyText({ pair, run, recipe })),
  );
}

/** For the screen reader: the same in a sentence. */
export function crashSentence({ pair, run, recipe }: Shown, at: number): string {
  return outcomesAt(pair, run, recipe.promises, at)
    .map(({ share, found, judgement }) => `${percent(share)} ${foundName(found)}. ${judgement.text}`)
    .join(' ');
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

/** The first lines of each stretch of cells that are alike. */
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

function surveyText({ pair: { survey, filesystem }, recipe }: Shown): string {
  const { before, after, recordings } = survey;
  const parts = [
    `of ${count(before.states)} crashes before the promise resolved ${share(ruined(before), before)} ruined the file`,
    `of ${count(after.states)} after it ${share(ruined(after), after)} did, and ${share(after.old, after)} brought back the old version${
      recipe.promises === 'ordered' ? ', as an ordered save may' : ''
    }`,
    `${share(before.litter + after.litter, { states: before.states + after.states })} of all left a temporary file behind`,
  ];
  return `In all ${recordings} recordings of this on ${filesystem} beside another program that syncs: ${parts.join('; ')}.`;
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
