import type { RequestKind, Tally } from './recordings.js';
import { CELL, type Found, isZeros } from './settings-file.js';

/** Microseconds in a suitable unit, with at most three digits. */
export function duration(microseconds: number): string {
  if (Math.abs(microseconds) < 1000) return `${Math.round(microseconds)} µs`;
  const milliseconds = microseconds / 1000;
  return `${milliseconds.toFixed(Math.abs(milliseconds) < 10 ? 2 : 1)} ms`;
}

export function milliseconds(microseconds: number): string {
  return `${(microseconds / 1000).toFixed(2)} ms`;
}

export function bytes(count: number): string {
  return count < 1024 ? `${count} B` : `${Number((count / 1024).toFixed(1))} KiB`;
}

/** With a non-breaking space. */
export function percent(share: number): string {
  const value = share * 100;
  if (value > 0 && value < 1) return '<\u00a01\u00a0%';
  if (value > 99 && value < 100) return '>\u00a099\u00a0%';
  return `${Math.round(value)}\u00a0%`;
}

export function requestName(kind: RequestKind): string {
  return REQUEST_NAMES[kind];
}

const REQUEST_NAMES: Readonly<Record<RequestKind, string>> = {
  flush: 'flush',
  data: 'the new version’s data',
  neighbour: 'the other program’s data',
  journal: 'journal',
  commit: 'journal commit',
  log: 'log of the filesystem',
  tree: 'tree blocks',
  superblock: 'super block',
  metadata: 'other metadata',
};

/** The state of a file, in two or three words. */
export function foundName(found: Found): string {
  return isZeros(found) ? 'nothing but zeros' : FOUND_NAMES[found.kind];
}

const FOUND_NAMES: Readonly<Record<Found['kind'], string>> = {
  old: 'old version, whole',
  new: 'new version, whole',
  empty: 'empty file',
  missing: 'no file',
  torn: 'torn',
  unmountable: 'not mountable',
};

/** The parts of a torn file. */
export function foundDetail(found: Found): string {
  const { kind, length, cells } = found;
  if (kind !== 'torn') return '';
  if (isZeros(found)) return bytes(length);
  const names = { old: 'old', new: 'new', zero: 'zeros', other: 'unknown bytes' } as const;
  const parts = Object.entries(names).flatMap(([cell, name]) => {
    const count = cells.filter((one) => one === cell).length;
    return count === 0 ? [] : [`${bytes(count * CELL)} ${name}`];
  });
  return `${bytes(length)}: ${parts.join(', ')}`;
}

/** In how many states of a tally the file is neither version, whole. */
export function ruined({ empty, missing, torn, unmountable }: Tally): number {
  return empty + missing + torn + unmountable;
}
