import { element } from './element.js';
import { type CellKind, cellsOf, type Found } from './settings-file.js';
import { foundDetail, foundName } from './words.js';

/** One tile for each cell of the new version, coloured by the cell's content. */
export function tiles(kinds: readonly (CellKind | 'blank')[], label: string): HTMLElement {
  const strip = element('span', { class: 'tiles', role: 'img', 'aria-label': label });
  for (let cell = 0; cell < cellsOf('new'); cell++)
    strip.append(element('i', { class: kinds[cell] ?? 'blank' }));
  return strip;
}

/** A file's content: its tiles, and a description. */
export function foundTiles(found: Found): HTMLElement[] {
  const detail = foundDetail(found);
  return [
    tiles(found.cells, `The file: ${foundName(found)}`),
    element(
      'span',
      { class: `found ${found.kind}` },
      foundName(found),
      detail === '' ? undefined : `, ${detail}`,
    ),
  ];
}
