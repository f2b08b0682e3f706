/**
 * The file that every recording saves: settings, one a line, 64 bytes each. So every cell (512 bytes, the
 * smallest unit that a disk writes whole) shows its version and its position.
 */

export const CELL = 512;
const LINE = 64;

/** The file before the save, and after it. */
export const VERSIONS = {
  old: { lines: 160, value: 'old' },
  new: { lines: 240, value: 'new' },
} as const;
export type VersionName = keyof typeof VERSIONS;

const SUBJECTS = ['window', 'editor', 'theme', 'search', 'account', 'shortcut', 'recent', 'plugin'];

/** The content of one version, in ASCII. */
export function settingsText(version: VersionName): string {
  const { lines, value } = VERSIONS[version];
  return Array.from({ length: lines }, (_, index) => {
    const name = `${SUBJECTS[index % SUBJECTS.length]}.${String(index).padStart(3, '0')}`;
    return `${`"${name}": "${value}",`.padEnd(LINE - 1)}\n`;
  }).join('');
}

/** Bytes of one version. */
export function lengthOf(version: VersionName): number {
  return VERSIONS[version].lines * LINE;
}

/** Cells of one version. The length of both is a whole number of cells. */
export function cellsOf(version: VersionName): number {
  return lengthOf(version) / CELL;
}

/** The content of a cell: bytes of the old version, of the new one, zeros, or something else. */
export type CellKind = 'old' | 'new' | 'zero' | 'other';

/** What is at the file's path. */
export interface Found {
  kind: 'old' | 'new' | 'empty' | 'missing' | 'torn' | 'unmountable';
  /** Bytes; 0 if there is no file. */
  length: number;
  cells: readonly CellKind[];
}

/** Whether it is one of the versions, complete. */
export function isWhole({ kind }: Found): boolean {
  return kind === 'old' || kind === 'new';
}

/** Whether it is a file that has its length and nothing of its content. */
export function isZeros({ kind, cells }: Found): boolean {
  return kind === 'torn' && cells.every((cell) => cell === 'zero');
}

const LETTERS: Readonly<Record<CellKind, string>> = { old: 'o', new: 'n', zero: 'z', other: 'x' };
const KINDS: Readonly<Record<string, CellKind>> = { o: 'old', n: 'new', z: 'zero', x: 'other' };

/** How recordings denote a missing file, and a filesystem that cannot be mounted. */
export const MISSING = 'missing';
export const UNMOUNTABLE = 'unmountable';

/**
 * Encodes a file's content as its length and the kinds of its cells, in runs: in `15360:n8z22` the first 8
 * cells are those of the new version and the other 22 are zeros.
 */
export function encodeFound(content: Uint8Array): string {
  let runs = '';
  let letter = '';
  let count = 0;
  for (let cell = 0; cell * CELL < content.length; cell++) {
    const next = LETTERS[kindOfCell(content.subarray(cell * CELL, (cell + 1) * CELL), cell)];
    if (next === letter) count++;
    else {
      if (count > 0) runs += `${letter}${count}`;
      letter = next;
      count = 1;
    }
  }
  return `${content.length}:${runs}${count > 0 ? `${letter}${count}` : ''}`;
}

/** @throws {Error} if `text` is not in the form of `encodeFound`. */
export function decodeFound(text: string): Found {
  if (text === MISSING || text === UNMOUNTABLE) return { kind: text, length: 0, cells: [] };
  const match = /^(\d+):((?:[onzx]\d+)*)$/.exec(text);
  if (match === null) throw new Error(`not the content of a file: ${text}`);
  const length = Number(match[1]);
  const cells = [...(match[2] ?? '').matchAll(/([onzx])(\d+)/g)].flatMap(([, letter = '', count]) =>
    Array.from({ length: Number(count) }, () => KINDS[letter] ?? 'other'),
  );
  if (cells.length !== Math.ceil(length / CELL)) throw new Error(`cells and length disagree: ${text}`);
  return { kind: wholeOf(length, cells), length, cells };
}

function wholeOf(length: number, cells: readonly CellKind[]): Found['kind'] {
  if (length === 0) return 'empty';
  for (const version of ['old', 'new'] as const) {
    if (length === lengthOf(version) && cells.every((cell) => cell === version)) return version;
  }
  return 'torn';
}

function kindOfCell(cell: Uint8Array, position: number): CellKind {
  if (cell.every((byte) => byte === 0)) return 'zero';
  for (const version of ['old', 'new'] as const) if (isCellOf(version, cell, position)) return version;
  return 'other';
}

/** Whether the bytes are the version's cell at this position, or the beginning of that cell. */
export function isCellOf(version: VersionName, bytes: Uint8Array, position: number): boolean {
  const cell = cellBytes(version, position);
  return cell.length >= bytes.length && bytes.every((byte, index) => byte === cell[index]);
}

const versionBytes = {
  old: new TextEncoder().encode(settingsText('old')),
  new: new TextEncoder().encode(settingsText('new')),
};

function cellBytes(version: VersionName, position: number): Uint8Array {
  return versionBytes[version].subarray(position * CELL, (position + 1) * CELL);
}

/** The text of a cell. Zero bytes are shown as `·`, unknown ones as `?`. */
export function cellText(kind: CellKind, position: number): string {
  if (kind === 'zero') return '·'.repeat(CELL);
  if (kind === 'other') return '?'.repeat(CELL);
  return new TextDecoder().decode(cellBytes(kind, position));
}
