import { allChoices } from './choices.js';
import { costsSection } from './costs.js';
import { crashSentence } from './crash-report.js';
import { byId, element } from './element.js';
import { exampleSection } from './example.js';
import { type Packed, unpack } from './packed.js';
import { Panel } from './panel.js';
import { Player } from './player.js';
import { provenance } from './provenance.js';
import { questionList } from './questions.js';
import type { Shown } from './recordings.js';
import { type Scene, SPEEDS, sceneOf } from './scene.js';
import { nextStep, previousStep } from './steps.js';
import { stopsOf, tourRecording } from './tour.js';
import { formatView, parseView, type View } from './view.js';
import { milliseconds } from './words.js';

/** Shortest time between two announcements for screen readers while playing, in milliseconds. */
const ANNOUNCE_EVERY = 900;
/** How long the tour takes from one stop to the next, and how long it stays there, in milliseconds. */
const TOUR = { leg: 4000, stay: 8000 };
/** How long a recording is played before an answer is shown in it, in milliseconds. */
const WATCHED = 3000;

const recordings = unpack(JSON.parse(byId('recordings', HTMLScriptElement).text) as Packed);
const stops = stopsOf(tourRecording(recordings.pairs).run);
const still = matchMedia('(prefers-reduced-motion: reduce)');
const controls = {
  time: byId('time', HTMLInputElement),
  clock: byId('clock', HTMLOutputElement),
  play: byId('play', HTMLButtonElement),
  speed: byId('speed', HTMLSelectElement),
  crash: byId('crash', HTMLButtonElement),
  next: byId('tour-next', HTMLButtonElement),
  previous: byId('tour-previous', HTMLButtonElement),
};
const stages = byId('stages', HTMLElement);
const caption = { title: byId('caption-title', HTMLElement), text: byId('caption-text', HTMLElement) };
const said = byId('said', HTMLElement);

let view = parseView(location.hash, recordings);
let scene: Scene;
let panels: { panel: Panel; shown: Shown }[] = [];
let times: number[] = [];
let crashed = false;
/** What happens when the player arrives. */
let arrival = () => {};
/** The tour goes on by itself after this. */
let staying: ReturnType<typeof setTimeout> | undefined;
let lastAnnounced = 0;

const player = new Player({
  onTime: show,
  onPlaying(playing) {
    showPlaying();
    if (!playing) announce(player.at);
  },
  onArrival: () => arrival(),
  stepwise: () => (still.matches ? times : undefined),
});
const choices = allChoices(recordings, go);

controls.speed.append(
  ...SPEEDS.map((speed) => element('option', { value: speed }, `${speed.toLocaleString('en')}× slower`)),
);
controls.speed.addEventListener('change', () => {
  player.slowness = Number(controls.speed.value);
});
controls.time.addEventListener('input', () => seek(Number(controls.time.value)));
onClick('play', togglePlaying);
onClick('crash', toggleCrash);
onClick('to-begin', () => seek(scene.begin));
onClick('step-back', stepBack);
onClick('step-forward', stepForward);
onClick('tour-previous', () => toStop(view.kind === 'tour' ? view.stop - 1 : 0));
onClick('tour-next', () => {
  if (view.kind !== 'tour') return;
  if (view.stop < stops.length) toStop(view.stop + 1);
  else go(parseView('#on=ext4&recipe=textbook&busy=no', recordings));
});
addEventListener('keydown', onKey);
addEventListener('hashchange', () => {
  const given = parseView(location.hash, recordings);
  if (formatView(given) !== formatView(view)) load(given);
});

load(view);
byId('questions', HTMLElement).append(...questionList(recordings, watch));
byId('example', HTMLElement).append(...exampleSection(recordings, watch));
byId('costs', HTMLElement).append(...costsSection(recordings));
byId('recorded', HTMLElement).append(...provenance(recordings));
hideLinksToNowhere();

function onClick(id: string, act: () => void): void {
  byId(id, HTMLButtonElement).addEventListener('click', act);
}

/** Shows what the visitor has chosen, and keeps it in the address. */
function go(chosen: View): void {
  history.replaceState(null, '', formatView(chosen));
  load(chosen);
}

function load(chosen: View): void {
  leaveTour();
  player.pause();
  view = chosen;
  scene = sceneOf(view, recordings);
  choices.show(view);
  const { begin, end, shown, summaries } = scene;
  panels = shown.map((one, index) => ({
    panel: new Panel(one, { begin, end }, { summary: summaries?.[index], brief: shown.length > 1 }, seek),
    shown: one,
  }));
  times = [...new Set(panels.flatMap(({ panel }) => panel.times))].sort((a, b) => a - b);
  stages.replaceChildren(...panels.map(({ panel }) => panel.root));
  stages.classList.toggle('two', panels.length > 1);
  const possible = panels.length > 0;
  for (const control of [controls.play, controls.crash, controls.time]) control.disabled = !possible;
  controls.time.min = String(begin);
  controls.time.max = String(end);
  player.slowness = scene.slowness;
  controls.speed.value = String(scene.slowness);
  // The tour has a pace of its own between its stops.
  controls.speed.hidden = view.kind === 'tour';
  arrival = () => {};
  player.load(begin, end, scene.at);
  if (view.kind === 'tour' && view.stop > 0) crash();
}

/** Shows an instant, and hides the outcomes of a crash. */
function show(at: number): void {
  recover();
  for (const { panel } of panels) panel.moveTo(at);
  controls.time.value = String(Math.round(at));
  controls.time.setAttribute('aria-valuetext', milliseconds(at));
  controls.clock.replaceChildren(milliseconds(at));
  showCaption(at);
}

function showCaption(at: number): void {
  const { title = '', text = '' } = scene.caption(at) ?? {};
  if (caption.title.textContent !== title) caption.title.replaceChildren(title);
  if (caption.text.textContent !== text) caption.text.replaceChildren(text);
  byId('caption', HTMLElement).hidden = title === '';
}

function showPlaying(): void {
  const playing = player.playing || staying !== undefined;
  controls.play.setAttribute('aria-pressed', String(playing));
  controls.play.lastElementChild?.replaceChildren(playing ? 'Pause' : 'Play');
}

function seek(at: number): void {
  leaveTour();
  player.pause();
  player.seek(at);
}

function stepForward(): void {
  const next = nextStep(times, player.at);
  if (next === undefined) return;
  seek(next);
  announce(next);
}

function stepBack(): void {
  const previous = previousStep(times, player.at) ?? scene.begin;
  seek(previous);
  announce(previous);
}

function togglePlaying(): void {
  if (player.playing || staying !== undefined) {
    leaveTour();
    player.pause();
    showPlaying();
  } else if (view.kind === 'tour') {
    playTour(view.stop < stops.length ? view.stop + 1 : 1);
  } else {
    arrival = () => {};
    player.play();
  }
}

/** Plays the tour to a stop, and goes on from there. */
function playTour(stop: number): void {
  const to = stops[stop - 1];
  if (to === undefined) return;
  const from = stop === 1 ? scene.begin : Math.min(player.at, to.at);
  player.seek(from);
  player.slowness = (TOUR.leg * 1000) / Math.max(1, to.at - from);
  arrival = () => {
    arrive(stop);
    if (stop === stops.length) return;
    staying = setTimeout(() => {
      staying = undefined;
      playTour(stop + 1);
    }, TOUR.stay);
    showPlaying();
  };
  player.play(to.at);
}

/** Goes to a stop of the tour at once, and stays there. */
function toStop(stop: number): void {
  leaveTour();
  player.pause();
  arrive(Math.max(0, stop));
}

function arrive(stop: number): void {
  view = { kind: 'tour', stop };
  history.replaceState(null, '', formatView(view));
  choices.show(view);
  player.seek(stops[stop - 1]?.at ?? scene.begin);
  if (stop > 0) crash();
}

function leaveTour(): void {
  clearTimeout(staying);
  staying = undefined;
}

/** Announces the last step for screen readers. */
function announce(at: number): void {
  const now = performance.now();
  if (player.playing && now - lastAnnounced < ANNOUNCE_EVERY) return;
  lastAnnounced = now;
  const steps = panels.map(({ panel, shown }) => {
    const step = panel.lastStep(at);
    const name = panels.length > 1 ? `${shown.recipe.title}: ` : '';
    return step === undefined ? '' : `${name}${step.plain}`;
  });
  said.replaceChildren(`${milliseconds(at)}. ${steps.join(' ')}`);
}

function toggleCrash(): void {
  leaveTour();
  player.pause();
  showPlaying();
  if (crashed) recover();
  else crash();
}

/** Shows what a crash now leaves, beside the timelines. */
function crash(): void {
  const { at } = player;
  for (const { panel } of panels) panel.crash(at);
  showCrashed(true);
  const sentences = panels.map(({ shown }) => crashSentence(shown, at));
  said.replaceChildren([caption.title.textContent, ...sentences].join(' '));
}

function recover(): void {
  if (!crashed) return;
  for (const { panel } of panels) panel.recover();
  showCrashed(false);
}

function showCrashed(now: boolean): void {
  crashed = now;
  controls.crash.lastElementChild?.replaceChildren(now ? 'Power back on' : 'Crash now');
  controls.crash.classList.toggle('on', now);
}

/** Plays the recording with another program to a moment that answers a question, and crashes it there. */
function watch(shown: { filesystem: string; recipe: string; busy: boolean }, at: number): void {
  go({ kind: 'recordings', choice: { ...shown, beside: undefined } });
  byId('player', HTMLElement).scrollIntoView({ behavior: still.matches ? 'auto' : 'smooth', block: 'start' });
  controls.play.focus({ preventScroll: true });
  arrival = () => {
    player.slowness = Number(controls.speed.value);
    crash();
  };
  player.slowness = (WATCHED * 1000) / (at - scene.begin);
  player.play(at);
}

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || panels.length === 0) return;
  const { target } = event;
  // A focused control that uses these keys itself keeps them.
  const onSlider = target === controls.time;
  if (target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && !onSlider)) return;
  const onButton =
    target instanceof HTMLElement && target.closest('a, button, summary, .steps, .table, pre') !== null;
  const actions: Readonly<Record<string, () => void>> = {
    ArrowRight: stepForward,
    ArrowLeft: stepBack,
    Home: () => seek(scene.begin),
    End: () => seek(scene.end),
    c: toggleCrash,
    // The slider itself would move by one microsecond, which is too little.
    ...(onSlider ? { ArrowUp: stepForward, ArrowDown: stepBack } : {}),
    ...(onButton ? {} : { ' ': togglePlaying }),
  };
  const act = actions[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
}

/** A copy of the page outside of the project has no documents beside it. */
function hideLinksToNowhere(): void {
  if (location.protocol !== 'file:' || location.pathname.endsWith('/docs/see-it-work.html')) return;
  for (const link of document.querySelectorAll<HTMLElement>('.documents')) link.hidden = true;
}
