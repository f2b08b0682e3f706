import { element } from './element.js';
import { type Moment, momentOf } from './moment.js';
import type { Pair, Recipe, Run } from './recordings.js';
import { CELL, type Found } from './settings-file.js';
import { type Step, stepsOf } from './steps.js';
import { foundTiles, tiles } from './tiles.js';
import { Timeline } from './timeline.js';
import { bytes, duration, requestName } from './words.js';

/** A recording that is shown. */
export interface Shown {
  pair: Pair;
  run: Run;
  recipe: Recipe;
}

/** Calls that change nothing on disk, and nothing that another process can see. */
const MINOR =
  /^(?:… )?(?:statx|newfstatat|fstat|ioctl|close|fremovexattr|fsetxattr|fgetxattr|lgetxattr|l?listxattr|flistxattr|readlink|fchmod|fchown|chmod|chown|utimensat|read|flock)\b/;

/** Shows one recording, at one instant after another. */
export class Panel {
  readonly root: HTMLElement;
  readonly #shown: Shown;
  readonly #timeline: Timeline;
  readonly #layers: Readonly<Record<'program' | 'reader' | 'memory' | 'cache' | 'platter', HTMLElement>>;
  readonly #list: HTMLOListElement;
  readonly #steps: readonly Step[];
  #current: Element | undefined;

  constructor(shown: Shown, stretch: { begin: number; end: number }, onTime: (at: number) => void) {
    this.#shown = shown;
    const { pair, run, recipe } = shown;
    this.#timeline = new Timeline(pair, run, recipe.promises, stretch, onTime);
    this.#steps = stepsOf(run);
    this.#layers = {
      program: element('dd'),
      reader: element('dd'),
      memory: element('dd'),
      cache: element('dd'),
      platter: element('dd'),
    };
    this.#list = element('ol', { class: 'steps', tabindex: 0, 'aria-label': `Steps: ${recipe.title}` });
    for (const { where, at, text, note } of this.#steps) {
      const item = element(
        'li',
        { class: `step ${where}${MINOR.test(text) ? ' minor' : ''}`, title: note },
        element('time', {}, (at / 1000).toFixed(2)),
        element('span', {}, text),
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
        element('p', {}, recipe.summary),
      ),
      this.#timeline.root,
      element(
        'div',
        { class: 'inside' },
        element(
          'dl',
          { class: 'layers' },
          ...layer('The program', 'its promise', this.#layers.program),
          ...layer('Another process', 'what it reads', this.#layers.reader),
          ...layer('Only in memory', 'lost when the power fails', this.#layers.memory),
          ...layer('In the disk’s cache', 'may be lost, or a part of it', this.#layers.cache),
          ...layer('On the platter', 'stays', this.#layers.platter),
        ),
        element(
          'div',
          { class: 'log' },
          this.#list,
          element(
            'details',
            {},
            element('summary', {}, 'The code that ran'),
            element('pre', {}, element('code', {}, recipe.code)),
          ),
        ),
      ),
    );
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
    this.#layers.program.replaceChildren(...programState(moment, run));
    this.#layers.reader.replaceChildren(...foundTiles(moment.read));
    this.#layers.memory.replaceChildren(...inMemory(moment));
    this.#layers.cache.replaceChildren(...inCache(moment));
    this.#layers.platter.replaceChildren(...onPlatter(moment));
    this.#mark(at);
  }

  #mark(at: number): void {
    const index = this.#steps.findLastIndex((step) => step.at <= at);
    const item = this.#list.children[index];
    if (item === this.#current) return;
    this.#current?.removeAttribute('aria-current');
    this.#current = item;
    if (item instanceof HTMLElement) {
      item.setAttribute('aria-current', 'step');
      this.#list.scrollTop = item.offsetTop - this.#list.clientHeight / 2;
    } else {
      this.#list.scrollTop = 0;
    }
  }
}

function layer(name: string, explanation: string, content: HTMLElement): HTMLElement[] {
  return [element('dt', {}, name, element('small', {}, explanation)), content];
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
    element(
      'code',
      { class: 'now' },
      call === undefined ? '' : `in ${call.name} for ${duration(at - call.start)}`,
    ),
  ];
}

function inMemory({ cells, read, ifCacheKept }: Moment): HTMLElement[] {
  const count = cells.filter((location) => location === 'memory').length;
  const parts = [
    count === 0 ? '' : `${bytes(count * CELL)} of the new version`,
    read.kind === ifCacheKept.kind ? '' : `the change to ${SEEN[read.kind]}`,
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
