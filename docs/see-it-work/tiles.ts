import { element } from './element.js';
import { type CellKind, cellsOf, type Found } from './settings-file.js';
import { foundDetail, foundName } from './words.js';

/** As many tiles as the new version has cells, coloured by what each holds. */
export function tiles(kinds: readonly (CellKind | 'blank')[], label: string): HTMLElement {
  const strip = element('span', { class: 'tiles', role: 'img', 'aria-label': label });
  for (let cell = 0; cell < cellsOf('new'); cell++)
    strip.append(element('i', { class: kinds[cell] ?? 'blank' }));
  return strip;
}

/** A file as it is found: its tiles, and what it is in words. */
export function foundTiles(found: Found): HTMLElement[] {
  const detail = foundDetail(found);
  return [
    tiles(found.cells, `The file as found: ${foundName(found)}`),
    element(
      'span',
      { class: `found ${found.kind}` },
      foundName(found),
      detail === '' ? undefined : `, ${detail}`,
    ),
  ];
}
