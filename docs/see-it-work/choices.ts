import { type Choice, possibleChoice } from './choice.js';
import { STEPS, type StepName } from './combinations.js';
import { byId, element } from './element.js';
import type { Recordings } from './recordings.js';
import { combinedOn, firstView, type View, type ViewKind } from './view.js';

const KINDS: readonly (readonly [ViewKind, string])[] = [
  ['lesson', 'The point'],
  ['tour', 'Tour'],
  ['break', 'Break it'],
  ['recordings', 'Everything'],
];

const STEP_NAMES: Readonly<Record<StepName, string>> = {
  sync: 'Sync the new version',
  'same-directory': 'Temporary in the same directory',
  rename: 'Rename',
  'directory-sync': 'Sync the directory',
};

/** The controls that choose what is shown. `go` is called with each choice. */
export function allChoices(recordings: Recordings, go: (view: View) => void): { show(view: View): void } {
  const kinds = byId('kinds', HTMLElement);
  const steps = byId('steps', HTMLElement);
  const recipe = byId('recipe', HTMLSelectElement);
  const beside = byId('with', HTMLSelectElement);
  const filesystems = [...new Set(recordings.pairs.map(({ filesystem }) => filesystem))];
  let shown: View = firstView('lesson', recordings);

  kinds.append(...KINDS.map(([kind, label]) => radio('kind', kind, label)));
  kinds.addEventListener('change', ({ target }) => {
    const kind = KINDS.find(([one]) => target instanceof HTMLInputElement && one === target.value)?.[0];
    if (kind !== undefined) go(firstView(kind, recordings));
  });
  steps.append(
    ...STEPS.map((step) =>
      element(
        'label',
        {},
        element('input', { type: 'checkbox', value: step }),
        element('span', {}, STEP_NAMES[step]),
      ),
    ),
  );
  byId('broken-on', HTMLElement).append(
    ...combinedOn(recordings).map((name) => radio('broken-on', name, name)),
  );
  byId('break', HTMLFormElement).addEventListener('change', () => {
    const on = document.querySelector<HTMLInputElement>('input[name="broken-on"]:checked')?.value;
    const boxes = steps.querySelectorAll<HTMLInputElement>('input:checked');
    const done = new Set([...boxes].map(({ value }) => value));
    go({ kind: 'break', steps: new Set(STEPS.filter((step) => done.has(step))), filesystem: on ?? '' });
  });
  byId('filesystems', HTMLElement).append(...filesystems.map((name) => radio('filesystem', name, name)));
  byId('surroundings', HTMLElement).append(
    radio('surroundings', 'busy', 'another program syncs'),
    radio('surroundings', 'alone', 'nothing else runs'),
  );
  byId('choices', HTMLFormElement).addEventListener('change', ({ target }) => {
    if (target instanceof HTMLInputElement && target.name === 'filesystem')
      choose({ filesystem: target.value });
    if (target instanceof HTMLInputElement && target.name === 'surroundings')
      choose({ busy: target.value === 'busy' });
    if (target === recipe) choose({ recipe: recipe.value });
    if (target === beside) choose({ beside: beside.value || undefined });
  });

  function choose(changes: Partial<Choice>): void {
    if (shown.kind !== 'recordings') return;
    go({ kind: 'recordings', choice: possibleChoice({ ...shown.choice, ...changes }, recordings) });
  }

  function show(view: View): void {
    shown = view;
    for (const input of kinds.querySelectorAll('input')) input.checked = input.value === view.kind;
    byId('break', HTMLFormElement).hidden = view.kind !== 'break';
    byId('tour', HTMLElement).hidden = view.kind !== 'tour';
    byId('choosing', HTMLDetailsElement).hidden = view.kind !== 'recordings';
    if (view.kind === 'break') {
      for (const input of steps.querySelectorAll('input'))
        input.checked = STEPS.some((step) => step === input.value && view.steps.has(step));
      check('broken-on', view.filesystem);
    }
    if (view.kind === 'tour') {
      byId('tour-previous', HTMLButtonElement).disabled = view.stop === 0;
      byId('tour-next', HTMLButtonElement).replaceChildren(view.stop < 5 ? 'Next stop' : 'Play freely');
      byId('tour-at', HTMLElement).replaceChildren(
        view.stop === 0 ? 'Before the first stop' : `Stop ${view.stop} of 5`,
      );
    }
    if (view.kind === 'recordings') showChoice(view.choice);
  }

  function showChoice(choice: Choice): void {
    check('filesystem', choice.filesystem);
    check('surroundings', choice.busy ? 'busy' : 'alone');
    const recipes = recordings.recipes.filter(({ id }) =>
      recordings.pairs.some((pair) => pair.filesystem === choice.filesystem && pair.recipe === id),
    );
    const option = ({ id, title }: { id: string; title: string }) => element('option', { value: id }, title);
    recipe.replaceChildren(...recipes.map(option));
    recipe.value = choice.recipe;
    const others = recipes.filter(({ id }) => id !== choice.recipe);
    beside.replaceChildren(element('option', { value: '' }, 'nothing'), ...others.map(option));
    beside.value = choice.beside ?? '';
    const title = (id: string | undefined) => recipes.find((one) => one.id === id)?.title;
    const names = [title(choice.recipe), title(choice.beside)].filter((name) => name !== undefined);
    byId('chosen', HTMLElement).replaceChildren(`${names.join(' and ')} on ${choice.filesystem}`);
  }

  return { show };
}

function check(name: string, value: string): void {
  for (const input of document.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`))
    input.checked = input.value === value;
}

function radio(name: string, value: string, label: string): HTMLElement {
  return element('label', {}, element('input', { type: 'radio', name, value }), element('span', {}, label));
}
