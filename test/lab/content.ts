/**
 * What the scenarios save: every 512 bytes say which version of which file they belong to and where in it, so that a
 * sector of an older version, of another file, or of nothing at all is recognised for what it is.
 */

const CELL = 512;
const HEADER = /^<(?<name>[^ ]+) v(?<version>\d+) (?<length>\d+) bytes, cell (?<cell>\d+)>/;

/** Version `version` of the file `name` (its path below the volume's root, without spaces), `length` bytes long. */
export function contentOf(name: string, version: number, length: number): Buffer {
  const content = Buffer.alloc(length, `${version},`);
  for (let cell = 0; cell * CELL < length; cell++) {
    content.write(`<${name} v${version} ${length} bytes, cell ${cell}>`, cell * CELL);
  }
  return content;
}

/** Version `version` of a tree: its files by their path in it, `length` bytes and more. */
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

/** Says of each stretch of `content` what it is, for the report on a torn file. */
export function describeContent(content: Buffer): string {
  const stretches: { what: string; first: number; last: number }[] = [];
  for (let cell = 0; cell * CELL < content.length; cell++) {
    const what = describeCell(content.subarray(cell * CELL, (cell + 1) * CELL), cell);
    const previous = stretches.at(-1);
    if (previous?.what === what) previous.last = cell;
    else stretches.push({ what, first: cell, last: cell });
  }
  const described = stretches
    .slice(0, 4)
    .map(({ what, first, last }) => `${first === last ? `cell ${first}` : `cells ${first}-${last}`} ${what}`);
  if (stretches.length > 4) described.push(`${stretches.length - 4} more stretches`);
  return [`${content.length} bytes`, ...described].join(', ');
}

function describeCell(cell: Buffer, position: number): string {
  const header = HEADER.exec(cell.toString('latin1'))?.groups;
  if (header) {
    const place = Number(header.cell) === position ? '' : ' from another place';
    return `of ${header.name} v${header.version} (${header.length} bytes)${place}`;
  }
  return cell.every((byte) => byte === 0) ? 'zeros' : 'unknown';
}
