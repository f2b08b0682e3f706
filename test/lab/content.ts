/**
 * The content that the scenarios save. Every 512 bytes name the version and the file that they belong to, and
 * their position in it. So a sector of an older version, of another file, or without content is recognised.
 */

const CELL = 512;
const HEADER = /^<(?<name>[^ ]+) v(?<version>\d+) (?<length>\d+) bytes, cell (?<cell>\d+)>/;

/**
 * Version `version` of the file `name` (its path below the volume's root, without spaces), `length` bytes
 * long.
 */
export function contentOf(name: string, version: number, length: number): Buffer {
  const content = Buffer.alloc(length, `${version},`);
  for (let cell = 0; cell * CELL < length; cell++) {
    content.write(`<${name} v${version} ${length} bytes, cell ${cell}>`, cell * CELL);
  }
  return content;
}

/** Version `version` of a tree: its files by their path in it, each at least `length` bytes long. */
export function treeOf(
  name: string,
  { version, length, files = 0 }: { version: number; length: number; files?: number | undefined },
): ReadonlyMap<string, Buffer> {
  const tree = new Map<string, Buffer>();
  for (let index = 0; index < files; index++) {
    const file = `${'deeper/'.repeat(index % 3)}${index}`;
    tree.set(file, contentOf(`${name}/${file}`, version, length + index * 700));
  }
  return tree;
}

/** Describes each range of `content`, for the report on a torn file. */
export function describeContent(content: Buffer): string {
  const ranges: { what: string; first: number; last: number }[] = [];
  for (let cell = 0; cell * CELL < content.length; cell++) {
    const what = describeCell(content.subarray(cell * CELL, (cell + 1) * CELL), cell);
    const previous = ranges.at(-1);
    if (previous?.what === what) previous.last = cell;
    else ranges.push({ what, first: cell, last: cell });
  }
  const described = ranges
    .slice(0, 4)
    .map(({ what, first, last }) => `${first === last ? `cell ${first}` : `cells ${first}-${last}`} ${what}`);
  if (ranges.length > 4) described.push(`${ranges.length - 4} more ranges`);
  return [`${content.length} bytes`, ...described].join(', ');
}

function describeCell(cell: Buffer, position: number): string {
  const header = HEADER.exec(cell.toString('latin1'))?.groups;
  if (header) {
    const moved = Number(header.cell) === position ? '' : ' from another position';
    return `of ${header.name} v${header.version} (${header.length} bytes)${moved}`;
  }
  return cell.every((byte) => byte === 0) ? 'zeros' : 'unknown';
}
