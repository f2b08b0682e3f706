import { styleText } from 'node:util';
import { describeFilesystem, wrap } from '../../src/filesystem/description.js';
import type { Finding, Report, Run } from '../measure/report.js';
import { diskName, type Fleet, type FleetDisk, fleetFindings } from './fleet.js';
import {
  appendTable,
  baselineTable,
  concurrencyTable,
  courseTable,
  fleetTable,
  noiseTable,
  saveTables,
  sizeTable,
  stageTables,
  widthOf,
} from './table.js';

const WIDTH = 80;
const LABEL_WIDTH = 12;

/** Gives a text a style, if the stream shows colours. */
export type Paint = (style: 'bold' | 'green' | 'red' | 'dim', text: string) => string;

export const plain: Paint = (_, text) => text;
export const coloured: Paint = (style, text) => styleText(style, text);

/** The machine and the engine of a report. */
export function machineText({ kernel, node, processors, engine }: Report['machine']): string {
  const rows = [
    ['machine', `${kernel}, Node ${node}, ${processors}`],
    ['engine', engine],
  ] as const;
  return rows
    .flatMap(([label, text]) =>
      wrap(text, WIDTH - LABEL_WIDTH).map(
        (line, index) => (index === 0 ? label : '').padEnd(LABEL_WIDTH) + line,
      ),
    )
    .join('\n');
}

/**
 * A run for the terminal: the answer and the other findings, the tables, narrow ones first, and the filesystem.
 *
 * @param width of the terminal, at least 80. The tables use it.
 */
export function runText(run: Run, paint: Paint, width = WIDTH): string {
  const answer = run.findings.map((finding) => findingText(finding, paint));
  const tables = [
    baselineTable(run, width),
    ...appendTable(run, width),
    ...saveTables(run, width),
    ...sizeTable(run, width),
    ...concurrencyTable(run, width),
    ...stageTables(run),
    ...noiseTable(run),
  ].toSorted((a, b) => widthOf(a) - widthOf(b));
  const parts = [
    [paint('bold', run.directory), ...answer].join('\n'),
    ...tables.map((table) => boldHead(table, paint)),
    ...omissions(run),
    describeFilesystem(run.directory, run.filesystem).trimEnd(),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** The runs on a disk for the terminal, and what they say of it. At most 80 columns, except for longer words. */
export function courseText(disk: FleetDisk, paint: Paint): string {
  const findings = disk.verdicts.map((found) =>
    findingText({ ...found, text: `${found.verdict}. ${found.text}` }, paint),
  );
  return `${[paint('bold', diskName(disk)), boldHead(courseTable(disk), paint), ...findings].join('\n')}\n`;
}

/** The disks of a fleet for the terminal. The table may be wider than 80 columns. */
export function fleetText(fleet: Fleet, paint: Paint): string {
  const findings = fleetFindings(fleet).map((finding) => findingText(finding, paint));
  return `${[boldHead(fleetTable(fleet), paint), findings.join('\n')].join('\n\n').trimEnd()}\n`;
}

/** Everything that could not be measured, with the reason. */
function omissions({ failed, unavailable, noRoomFor }: Run): string[] {
  const missing = unavailable.map(({ name, error }) => `${name} (${error})`).join(', ');
  return [
    ...failed.map(({ name, error }) => `${name} cannot save here: ${error}`),
    ...(missing === '' ? [] : [`Not available on this system: ${missing}`]),
    ...(noRoomFor.length === 0
      ? []
      : [`Left out, because the free space is too small: ${noRoomFor.join(', ')}`]),
  ].map((text) => wrap(text, WIDTH).join('\n'));
}

const MARKS = { good: '+', bad: '!', neutral: '-' } as const;
const COLOURS = { good: 'green', bad: 'red', neutral: 'bold' } as const;

function findingText(
  { about, says, text, heuristic }: Omit<Finding, 'about'> & { about?: string },
  paint: Paint,
): string {
  const lines = wrap(heuristic ? `${text} (rule of thumb)` : text, WIDTH - 2);
  const styled = about === 'rate' ? lines.map((line) => paint('bold', line)) : lines;
  return styled
    .map((line, index) => `${index === 0 ? paint(COLOURS[says], MARKS[says]) : ' '} ${line}`)
    .join('\n');
}

function boldHead(part: string, paint: Paint): string {
  const [head = '', ...rest] = part.split('\n');
  return head.startsWith('|') ? [paint('bold', head), ...rest].join('\n') : part;
}
