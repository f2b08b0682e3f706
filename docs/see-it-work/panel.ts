import { crashReport } from './crash-report.js';
import { element } from './element.js';
import { type Moment, momentOf } from './moment.js';
import type { Run, Shown } from './recordings.js';
import { CELL, type Found } from './settings-file.js';
import { type Step, stepsOf } from './steps.js';
import { foundTiles, tiles } from './tiles.js';
import { Timeline } from './timeline.js';
import { bytes, duration, requestName } from './words.js';

/** Shows one recording, at one instant after another. */
export class Panel {
  readonly root: HTMLElement;
  readonly #shown: Shown;
  readonly #timeline: Timeline;
  readonly #now = { plain: element('p', { class: 'plain' }), exact: element('code') };
  readonly #layers: Readonly<Record<'program' | 'reader' | 'memory' | 'cache' | 'platter', HTMLElement>>;
  readonly #report: HTMLElement;
  readonly #list: HTMLOListElement;
  readonly #steps: readonly Step[];
  #current: Element | undefined;

  /**
   * @param stretch the range of time that is shown.
   * @param look `summary`: what is said of the recipe; `brief`: whether lanes are left out on a small screen.
   */
  constructor(
    shown: Shown,
    stretch: { begin: number; end: number },
    { summary = shown.recipe.summary, brief }: { summary: string | undefined; brief: boolean },
    onTime: (at: number) => void,
  ) {
    this.#shown = shown;
    const { pair, run, recipe } = shown;
    this.#timeline = new Timeline(shown, stretch, brief, onTime);
    this.#steps = stepsOf(run).filter(({ at }) => at <= stretch.end);
    this.#layers = {
      program: element('dd'),
      reader: element('dd'),
      memory: element('dd'),
      cache: element('dd'),
      platter: element('dd'),
    };
    this.#report = element('section', { class: 'crash-report', 'aria-label': `Crash: ${recipe.title}` });
    this.#report.hidden = true;
    this.#list = element('ol', { class: 'steps', tabindex: 0, 'aria-label': `Steps: ${recipe.title}` });
    for (const { where, at, plain, text, minor, note } of this.#steps) {
      const item = element(
        'li',
        { class: `step ${where}${minor ? ' minor' : ''}`, title: note },
        element('time', {}, (at / 1000).toFixed(2)),
        element('span', {}, element('b', {}, plain), element('code', {}, text)),
      );
      item.addEventListener('click', () => onTime(at));
      this.#list.append(item);
    }
    this.root = element(
      'article',
      { class: 'stage', 'aria-label': `${recipe.title} on ${pair.filesystem}` },
      element(
        'header',
        {},
        element('h3', {}, recipe.title, ' ', element('small', {}, `on ${pair.filesystem}`)),
        element('p', {}, summary),
      ),
      element('div', { class: 'now' }, this.#now.plain, this.#now.exact),
      element(
        'div',
        { class: 'inside' },
        element('div', { class: 'left' }, this.#timeline.root, this.#report),
        element(
          'dl',
          { class: 'layers' },
          ...layer('program', 'The program', 'its promise', this.#layers.program),
          ...layer('reader', 'Another program', 'what it reads', this.#layers.reader),
          ...layer('memory', 'Only in memory', 'lost with the power', this.#layers.memory),
          ...layer('cache', 'In the disk’s cache', 'may be lost in part', this.#layers.cache),
          ...layer('platter', 'On the platter', 'stays', this.#layers.platter),
        ),
      ),
      element(
        'details',
        { class: 'trace' },
        element('summary', {}, 'Every step, and the code that ran'),
        this.#list,
        element('pre', {}, element('code', {}, recipe.code)),
      ),
    );
    this.root.querySelector('.trace')?.addEventListener('toggle', () => this.#scrollToCurrent());
  }

  /** The time of every step. */
  get times(): number[] {
    return this.#steps.map(({ at }) => at);
  }

  /** The last step before or at this time. */
  lastStep(at: number): Step | undefined {
    return this.#steps.findLast((step) => step.at <= at);
  }

  moveTo(at: number): void {
    const { pair, run } = this.#shown;
    const moment = momentOf(pair, run, at);
    this.#timeline.moveTo(at);
    const now = this.#steps.findLast((step) => step.at <= at && !step.minor);
    this.#now.plain.replaceChildren(now?.plain ?? 'The program has not begun to save.');
    this.#now.exact.replaceChildren(now?.text ?? '');
    this.#layers.program.replaceChildren(...programState(moment, run));
    this.#layers.reader.replaceChildren(
      ...foundTiles(moment.read),
      ...(moment.readIsCurrent ? [] : [element('span', {}, 'it has not looked again yet')]),
    );
    this.#layers.memory.replaceChildren(...inMemory(moment));
    this.#layers.cache.replaceChildren(...inCache(moment));
    this.#layers.platter.replaceChildren(...onPlatter(moment));
    this.#mark(at);
  }

  /** Shows what the power failing at this time leaves, beside the timeline. */
  crash(at: number): void {
    this.#report.replaceChildren(...crashReport(this.#shown, at));
    this.#report.hidden = false;
    this.root.classList.add('crashed');
  }

  /** Hides it. */
  recover(): void {
    this.#report.hidden = true;
    this.root.classList.remove('crashed');
  }

  #mark(at: number): void {
    const index = this.#steps.findLastIndex((step) => step.at <= at);
    const item = this.#list.children[index];
    if (item === this.#current) return;
    this.#current?.removeAttribute('aria-current');
    this.#current = item;
    item?.setAttribute('aria-current', 'step');
    this.#scrollToCurrent();
  }

  #scrollToCurrent(): void {
    const item = this.#current;
    this.#list.scrollTop = item instanceof HTMLElement ? item.offsetTop - this.#list.clientHeight / 2 : 0;
  }
}

function layer(place: string, name: string, explanation: string, content: HTMLElement): HTMLElement[] {
  content.className = place;
  return [element('dt', { class: place }, name, ' ', element('small', {}, explanation)), content];
}

function programState({ program, calls, at }: Moment, run: Run): HTMLElement[] {
  const states = {
    before: 'has not saved yet',
    pending: `promise pending, for ${duration(at)}`,
    resolved: `promise resolved after ${duration(run.settled)}`,
    rejected: `promise rejected: ${run.rejected}`,
  };
  const call = calls[0];
  return [
    element('span', { class: `promise ${program}` }, states[program]),
    element('code', {}, call === undefined ? '' : `in ${call.name} for ${duration(at - call.start)}`),
  ];
}

function inMemory({ cells, read, readIsCurrent, ifCacheKept }: Moment): HTMLElement[] {
  const count = cells.filter((location) => location === 'memory').length;
  const visible = readIsCurrent ? read.kind : 'new';
  const parts = [
    count === 0 ? '' : `${bytes(count * CELL)} of the new version`,
    visible === ifCacheKept.kind ? '' : `the change to ${SEEN[visible]}`,
  ].filter((part) => part !== '');
  return [
    tiles(
      cells.map((location) => (location === 'memory' ? 'new' : 'blank')),
      `${count} of ${cells.length} cells of the new version are only in memory`,
    ),
    element('span', {}, parts.join(', and ') || 'nothing of the new version'),
  ];
}

/** What another process sees, and the disk does not contain yet. */
const SEEN: Readonly<Record<Found['kind'], string>> = {
  old: 'the old version',
  new: 'the new version',
  empty: 'an empty file',
  missing: 'no file',
  torn: 'a half-written file',
  unmountable: 'no filesystem',
};

function inCache({ cells, cached, requests }: Moment): HTMLElement[] {
  const count = cells.filter((location) => location === 'cache').length;
  const flushing = requests.find(({ kind }) => kind === 'flush') !== undefined;
  const content = cached.map(({ kind, bytes: size }) => `${bytes(size)} ${requestName(kind)}`).join(', ');
  return [
    tiles(
      cells.map((location) => (location === 'cache' ? 'new' : 'blank')),
      `${count} of ${cells.length} cells of the new version are in the disk’s cache`,
    ),
    element(
      'span',
      {},
      content || 'empty',
      flushing ? element('b', { class: 'flushing' }, ' being flushed') : undefined,
    ),
  ];
}

function onPlatter({ cells, platter }: Moment): HTMLElement[] {
  const count = cells.filter((location) => location === 'platter').length;
  if (count === 0 || platter.kind !== 'old') return foundTiles(platter);
  const beside = `and ${bytes(count * CELL)} of the new version, which the name does not refer to yet`;
  return [...foundTiles(platter), element('span', {}, beside)];
}
