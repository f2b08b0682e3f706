/** The search of the site. The index is loaded when somebody begins to search. */
import MiniSearch from 'minisearch';

const MOST = 12;
const root = document.body.dataset.root ?? '.';
const input = document.getElementById('search');
const list = document.getElementById('found');
let index: MiniSearch | undefined;
let asked = false;

if (input instanceof HTMLInputElement && list !== null) {
  const show = () => list.replaceChildren(...results(input.value));
  // The script that search-index.js is.
  Reflect.set(window, 'searchIndex', (json: string) => {
    index = MiniSearch.loadJSON(json, {
      fields: ['heading', 'document', 'text'],
      storeFields: ['address', 'heading', 'document'],
      searchOptions: { boost: { heading: 4, document: 2 }, prefix: true, combineWith: 'AND' },
    });
    show();
  });
  input.addEventListener('focus', loadIndex);
  input.addEventListener('input', () => {
    loadIndex();
    show();
  });
}

function loadIndex(): void {
  if (asked) return;
  asked = true;
  const script = document.createElement('script');
  script.src = `${root}/search-index.js`;
  document.head.append(script);
}

function results(query: string): HTMLElement[] {
  if (index === undefined || query.trim() === '') return [];
  const found = index.search(query).slice(0, MOST);
  if (found.length === 0) return [item('Nothing was found.')];
  return found.map(({ address, heading, document: title }) => {
    const link = document.createElement('a');
    link.href = `${root}/${address}`;
    link.append(heading === title ? heading : `${title}: ${heading}`);
    return item(link);
  });
}

function item(content: HTMLElement | string): HTMLElement {
  const made = document.createElement('li');
  made.append(content);
  return made;
}
