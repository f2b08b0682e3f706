import type { BlockDevice } from './disk.js';
import type { Report, Run } from './report.js';

const WIDTH = 80;
const LABEL_WIDTH = 12;

/** On what machine the measuring is done. */
export function machineHead({ kernel, node, processors, engine }: Report['machine']): string {
  return labelled([
    ['machine', `${kernel}, Node ${node}, ${processors}`],
    ['engine', engine],
  ]);
}

/** What lies under the directory, and what a save does there. */
export function diskHead(run: Run): string {
  const { disk, save } = run;
  const rows: [string, string][] = [['directory', run.directory]];
  if (disk.filesystem !== null) {
    rows.push(['filesystem', `${disk.filesystem} on ${disk.mountPoint}, from ${disk.source}`]);
  }
  if (disk.options !== null) rows.push(['options', disk.options]);
  if (disk.device !== null) rows.push(['device', describeDevice(disk.device)]);
  rows.push(['save', `${save.protocol}, which achieves here: ${save.durability}`]);
  return labelled(rows);
}

/** In lines of at most 80 columns, as far as they can be broken. */
function labelled(rows: readonly [label: string, text: string][]): string {
  return rows.map(([label, text]) => label.padEnd(LABEL_WIDTH) + wrap(text)).join('\n');
}

function describeDevice({ name, model, bytes, rotational, writeCache }: BlockDevice): string {
  const parts = [model === null ? name : `${name} (${model})`, `${(bytes / 2 ** 30).toPrecision(3)} GiB`];
  if (rotational) parts.push('rotational');
  if (writeCache !== null) parts.push(`write cache: ${writeCache}`);
  return parts.join(', ');
}

/** Breaks lines behind commas. */
function wrap(text: string): string {
  const lines = [''];
  for (const piece of text.split(/(?<=,)/)) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && LABEL_WIDTH + line.length + piece.length > WIDTH) lines.push(piece.trimStart());
    else lines[lines.length - 1] = line + piece;
  }
  return lines.join(`\n${' '.repeat(LABEL_WIDTH)}`);
}
