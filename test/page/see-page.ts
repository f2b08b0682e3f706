import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { formatChoice } from '../../docs/see-it-work/choice.js';
import { outcomesAt } from '../../docs/see-it-work/crash-outcomes.js';
import { foundAt, momentOf, positionAt } from '../../docs/see-it-work/moment.js';
import type { Pair, Recordings, Run } from '../../docs/see-it-work/recordings.js';
import { foundName, percent } from '../../docs/see-it-work/words.js';
import { openPage, type PageUnderTest } from './page-under-test.js';

export const PAGE = fileURLToPath(new URL('../../docs/see-it-work.html', import.meta.url));
export const SOURCES = fileURLToPath(new URL('../../docs/see-it-work/', import.meta.url));
export const recordings: Recordings = JSON.parse(readFileSync(join(SOURCES, 'recordings.json'), 'utf8'));

/** Opens the page, and closes all that it has opened: each must have requested only itself, and said nothing. */
export class SeePages {
  #opened: PageUnderTest[] = [];
  readonly #browser: () => Browser;

  constructor(browser: () => Browser) {
    this.#browser = browser;
  }

  async open(fragment = '', options: BrowserContextOptions = {}, file = PAGE): Promise<Page> {
    const one = await openPage(this.#browser(), file, fragment, options);
    this.#opened.push(one);
    return one.page;
  }

  async close(): Promise<void> {
    const pages = this.#opened;
    this.#opened = [];
    for (const { page, requests, messages } of pages) {
      await page.context().close();
      assert.equal(requests.length, 1, `it has requested ${requests.slice(1).join(', ')}`);
      assert.deepEqual(messages, []);
    }
  }
}

export function recorded(filesystem: string, recipe: string, busy: boolean): { pair: Pair; run: Run } {
  const pair = recordings.pairs.find((one) => one.filesystem === filesystem && one.recipe === recipe);
  if (pair === undefined) throw new Error(`not recorded: ${recipe} on ${filesystem}`);
  return { pair, run: busy ? pair.beside : pair.alone };
}

export function fragment({ filesystem, recipe }: Pair, busy: boolean): string {
  return formatChoice({ filesystem, recipe, beside: undefined, busy });
}

export function titleOf({ recipe }: Pair): string {
  return recordings.recipes.find(({ id }) => id === recipe)?.title ?? '';
}

export function mostOutcomes(run: Run): number {
  const counts = run.crashes.map(({ outcomes }) => outcomes.length);
  const position = counts.indexOf(Math.max(...counts));
  return run.requests[position - 1]?.end ?? run.begin;
}

/** What the crash report has to show, from the data. */
export function expected(pair: Pair, run: Run, at: number) {
  const { promises } = recordings.recipes.find(({ id }) => id === pair.recipe) ?? { promises: 'durable' };
  const { outcomes } = run.crashes[positionAt(run, at)] ?? { outcomes: [] };
  const total = outcomes.reduce((sum, [, , states]) => sum + states, 0);
  const judgements = outcomesAt(pair, run, promises, at).map(({ judgement }) => judgement.text);
  return outcomes.map(([found, litter, states], index) => ({
    found: foundAt(pair, found).kind,
    states,
    share: percent(states / total),
    judgement: `${judgements[index]}${litter === 1 ? ' A temporary file is left beside it.' : ''}`,
  }));
}

export async function assertShows(page: Page, pair: Pair, run: Run, at: number): Promise<void> {
  const moment = momentOf(pair, run, at);
  const rows = await page.locator('.layers dd').allInnerTexts();
  const promise = { before: 'not saved yet', pending: 'pending', resolved: 'resolved', rejected: 'rejected' };
  assert.ok(rows[0]?.includes(promise[moment.program]), `${rows[0]} at ${at}`);
  assert.ok(rows[1]?.startsWith(foundName(moment.read)), `${rows[1]} at ${at}`);
  assert.ok(rows[4]?.startsWith(foundName(moment.platter)), `${rows[4]} at ${at}`);
  for (const [row, place] of [
    [2, 'memory'],
    [3, 'cache'],
  ] as const) {
    const shown = await page.locator('.layers dd').nth(row).locator('i.new').count();
    assert.equal(shown, moment.cells.filter((cell) => cell === place).length, `cells in ${place} at ${at}`);
  }
}
