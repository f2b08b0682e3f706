import { type Choice, formatChoice, pairOf, parseChoice, possibleChoice, runOf } from './choice.js';
import { costsSection } from './costs.js';
import { crashReport, crashSentence, crashTitle } from './crash-report.js';
import { byId, element } from './element.js';
import { Panel, type Shown } from './panel.js';
import { Player } from './player.js';
import { provenance } from './provenance.js';
import { questionList } from './questions.js';
import type { Recordings } from './recordings.js';
import { nextStep, previousStep } from './steps.js';
import { milliseconds } from './words.js';

const SPEEDS = [100, 200, 500, 1000, 2000, 5000];
const FIRST_SPEED = 500;
/** Shortest time between two announcements for screen readers while playing, in milliseconds. */
const ANNOUNCE_EVERY = 900;

const recordings = JSON.parse(byId('recordings', HTMLScriptElement).text) as Recordings;
const still = matchMedia('(prefers-reduced-motion: reduce)');
const controls = {
  filesystems: byId('filesystems', HTMLElement),
  recipe: byId('recipe', HTMLSelectElement),
  beside: byId('with', HTMLSelectElement),
  surroundings: byId('surroundings', HTMLElement),
  time: byId('time', HTMLInputElement),
  clock: byId('clock', HTMLOutputElement),
  play: byId('play', HTMLButtonElement),
  speed: byId('speed', HTMLSelectElement),
  crash: byId('crash', HTMLButtonElement),
};
const stages = byId('stages', HTMLElement);
const crashed = byId('crashed', HTMLElement);
const crashedTitle = byId('crashed-title', HTMLElement);
const said = byId('said', HTMLElement);

let choice = parseChoice(location.hash, recordings);
let panels: { panel: Panel; shown: Shown }[] = [];
let times: number[] = [];
let lastAnnounced = 0;

const player = new Player(
  (at) => show(at),
  (playing) => {
    controls.play.setAttribute('aria-pressed', String(playing));
    controls.play.lastElementChild?.replaceChildren(playing ? 'Pause' : 'Play');
    if (!playing) announce(player.at);
  },
  () => (still.matches ? times : undefined),
);

fillControls();
load();
byId('questions', HTMLElement).append(...questionList(recordings, watch));
byId('costs', HTMLElement).append(...costsSection(recordings));
byId('how', HTMLElement).append(...provenance(recordings));

function fillControls(): void {
  const filesystems = [...new Set(recordings.pairs.map(({ filesystem }) => filesystem))];
  controls.filesystems.append(...filesystems.map((name) => radio('filesystem', name, name)));
  controls.surroundings.append(
    radio('surroundings', 'busy', 'another program syncs'),
    radio('surroundings', 'alone', 'nothing else runs'),
  );
  controls.speed.append(
    ...SPEEDS.map((speed) => element('option', { value: speed }, `${speed.toLocaleString('en')}× slower`)),
  );
  controls.speed.value = String(FIRST_SPEED);
  controls.speed.addEventListener('change', () => {
    player.slowness = Number(controls.speed.value);
  });
  byId('choices', HTMLFormElement).addEventListener('change', (event) => {
    const { target } = event;
    if (target instanceof HTMLInputElement && target.name === 'filesystem')
      choose({ filesystem: target.value });
    if (target instanceof HTMLInputElement && target.name === 'surroundings')
      choose({ busy: target.value === 'busy' });
    if (target === controls.recipe) choose({ recipe: controls.recipe.value });
    if (target === controls.beside) choose({ beside: controls.beside.value || undefined });
  });

  controls.time.addEventListener('input', () => seek(Number(controls.time.value)));
  controls.play.addEventListener('click', togglePlaying);
  controls.crash.addEventListener('click', crash);
  onClick('to-begin', () => seek(Number(controls.time.min)));
  onClick('step-back', stepBack);
  onClick('step-forward', stepForward);
  onClick('back', () => {
    hideCrash();
    controls.crash.focus();
  });
  addEventListener('keydown', onKey);
  addEventListener('hashchange', () => {
    const given = parseChoice(location.hash, recordings);
    if (formatChoice(given) !== formatChoice(choice)) choose(given);
  });
}

function radio(name: string, value: string, label: string): HTMLElement {
  return element('label', {}, element('input', { type: 'radio', name, value }), element('span', {}, label));
}

function onClick(id: string, act: () => void): void {
  byId(id, HTMLButtonElement).addEventListener('click', act);
}

function choose(changes: Partial<Choice>): void {
  choice = possibleChoice({ ...choice, ...changes }, recordings);
  history.replaceState(null, '', formatChoice(choice));
  load();
}

/** Loads the chosen recordings, at their beginning. */
function load(): void {
  player.pause();
  hideCrash();
  showChoice();
  const chosen = [choice.recipe, choice.beside].flatMap((id): Shown[] => {
    const recipe = recordings.recipes.find((one) => one.id === id);
    if (id === undefined || recipe === undefined) return [];
    const pair = pairOf(recordings, choice.filesystem, id);
    return [{ pair, run: runOf(pair, choice.busy), recipe }];
  });
  const begin = Math.min(...chosen.map(({ run }) => run.begin));
  const end = Math.max(...chosen.map(({ run }) => run.end));
  panels = chosen.map((shown) => ({ panel: new Panel(shown, { begin, end }, seek), shown }));
  times = [...new Set(panels.flatMap(({ panel }) => panel.times))].sort((a, b) => a - b);
  stages.replaceChildren(...panels.map(({ panel }) => panel.root));
  stages.classList.toggle('two', panels.length > 1);
  controls.time.min = String(begin);
  controls.time.max = String(end);
  player.load(begin, end);
}

function showChoice(): void {
  for (const input of document.querySelectorAll<HTMLInputElement>('#choices input[type="radio"]')) {
    const chosen = input.name === 'filesystem' ? choice.filesystem : choice.busy ? 'busy' : 'alone';
    input.checked = input.value === chosen;
  }
  const recipes = recordings.recipes.filter(({ id }) =>
    recordings.pairs.some(({ filesystem, recipe }) => filesystem === choice.filesystem && recipe === id),
  );
  const options = recipes.map(({ id, title }) => element('option', { value: id }, title));
  controls.recipe.replaceChildren(...options);
  controls.recipe.value = choice.recipe;
  controls.beside.replaceChildren(
    element('option', { value: '' }, 'nothing'),
    ...recipes
      .filter(({ id }) => id !== choice.recipe)
      .map(({ id, title }) => element('option', { value: id }, title)),
  );
  controls.beside.value = choice.beside ?? '';
}

/** Shows an instant, and hides the outcomes of a crash. */
function show(at: number): void {
  hideCrash();
  for (const { panel } of panels) panel.moveTo(at);
  controls.time.value = String(Math.round(at));
  controls.time.setAttribute('aria-valuetext', milliseconds(at));
  controls.clock.replaceChildren(milliseconds(at));
}

function seek(at: number): void {
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
  const previous = previousStep(times, player.at) ?? Number(controls.time.min);
  seek(previous);
  announce(previous);
}

function togglePlaying(): void {
  if (player.playing) player.pause();
  else player.play();
}

/** Announces the last step for screen readers. */
function announce(at: number): void {
  const now = performance.now();
  if (player.playing && now - lastAnnounced < ANNOUNCE_EVERY) return;
  lastAnnounced = now;
  const steps = panels.map(({ panel, shown }) => {
    const step = panel.lastStep(at);
    const name = panels.length > 1 ? `${shown.recipe.title}: ` : '';
    return step === undefined ? '' : `${name}${step.text}`;
  });
  said.replaceChildren(`${milliseconds(at)}. ${steps.join(' ')}`);
}

function crash(): void {
  player.pause();
  const { at } = player;
  crashedTitle.replaceChildren(crashTitle(at));
  byId('outcomes', HTMLElement).replaceChildren(...panels.map(({ shown }) => crashReport(shown, at)));
  byId('outcomes', HTMLElement).classList.toggle('two', panels.length > 1);
  crashed.hidden = false;
  said.replaceChildren(panels.map(({ shown }) => crashSentence(shown, at)).join(' '));
  crashedTitle.focus({ preventScroll: true });
  crashed.scrollIntoView({ behavior: still.matches ? 'auto' : 'smooth', block: 'start' });
}

function hideCrash(): void {
  crashed.hidden = true;
}

/** Shows the recording with another program, at a moment that answers a question, and crashes it. */
function watch(filesystem: string, recipe: string, at: number): void {
  choose({ filesystem, recipe, beside: undefined, busy: true });
  seek(at);
  crash();
}

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const { target } = event;
  // A focused control that uses these keys itself keeps them.
  const onSlider = target === controls.time;
  if (target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && !onSlider)) return;
  const onButton =
    target instanceof HTMLElement && target.closest('button, summary, .steps, .table') !== null;
  const actions: Readonly<Record<string, () => void>> = {
    ArrowRight: stepForward,
    ArrowLeft: stepBack,
    Home: () => seek(Number(controls.time.min)),
    End: () => seek(Number(controls.time.max)),
    c: crash,
    // The slider itself would move by one microsecond, which is too little.
    ...(onSlider ? { ArrowUp: stepForward, ArrowDown: stepBack } : {}),
    ...(onButton ? {} : { ' ': togglePlaying }),
  };
  const act = actions[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
}
