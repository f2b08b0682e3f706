import type { Durability } from '../base/options.js';
import type { Device } from './device.js';
import type { Filesystem, MountPoint, PlannedSave } from './filesystem.js';
import type { Journal } from './journal.js';
import type { Support } from './support.js';

const INDENT = '  ';
const LABEL_WIDTH = 10;
const COLUMNS = 80;

/** Describes a filesystem as text, in lines of at most 80 columns unless a path is longer. */
export function describeFilesystem(asked: string, filesystem: Filesystem): string {
  const { path, mount, device, journal, supports, protocol, update, reason, warnings } = filesystem;
  return [
    path === asked ? asked : `${asked} (inspected: ${path})`,
    ...row('mount', mount === undefined ? 'hidden' : describeMount(mount)),
    ...(device === undefined ? row('device', 'none, or hidden') : deviceRows(device)),
    ...row('journal', journal === undefined ? 'unknown' : describeJournal(journal)),
    ...supportRows(supports),
    ...planRows('durable', protocol.durable),
    ...planRows('ordered', protocol.ordered),
    ...planRows('none', protocol.none),
    ...row('because', reason),
    ...row('update', update.reason),
    ...warnings.flatMap(({ code, message }) => row('warning', `${message} [${code}]`)),
    '',
  ].join('\n');
}

/** A label and the text beside it, broken into lines. */
function row(label: string, text: string, depth = 0): string[] {
  const left = INDENT + label.padEnd(LABEL_WIDTH) + INDENT.repeat(depth);
  return wrap(text, COLUMNS - left.length).map((line, index) =>
    index === 0 ? left + line : ' '.repeat(left.length) + line,
  );
}

function describeMount({ path, type, source, root, options, superOptions, boundFile }: MountPoint): string {
  const what = root === '/' ? source : `${root} of ${source}`;
  const where = boundFile ? `on the single file ${path}` : `on ${path}`;
  return `${type}, ${what} ${where} (${[...new Set([...options, ...superOptions])].join(', ')})`;
}

/** The device and, indented below it, its parts. */
function deviceRows(device: Device, depth = 0): string[] {
  const { below, backing } = device;
  const rows = row(depth === 0 ? 'device' : '', describeDevice(device), depth);
  if (backing !== undefined) {
    const filesystem = backing.filesystem === undefined ? '' : ` on ${backing.filesystem}`;
    rows.push(...row('', `the file ${backing.path}${filesystem}`, depth + 1));
  }
  const parts = backing?.device === undefined ? below : [...below, backing.device];
  return [...rows, ...parts.flatMap((part) => deviceRows(part, depth + 1))];
}

function describeDevice({ name, kind, model, bus, virtual, ...device }: Device): string {
  const facts = [virtual === true ? 'virtual disk' : kind];
  if (model !== undefined) facts.push(model);
  if (bus !== undefined) facts.push(bus);
  // The facts of a partition are those of its disk, which follows.
  if (kind !== 'partition') {
    if (device.rotational === true) facts.push('rotational');
    facts.push(device.writeCache === 'unknown' ? 'unknown cache' : `${device.writeCache} cache`);
    if (device.forceUnitAccess === true) facts.push('FUA');
  }
  return `${name}: ${facts.join(', ')}`;
}

function describeJournal({ present, mode, external }: Journal): string {
  if (present !== true) return present === false ? 'none' : 'unknown';
  const facts = [mode === undefined ? 'present' : `data=${mode}`];
  if (external === true) facts.push('on another device');
  return facts.join(', ');
}

const ABILITIES: readonly (readonly [ability: keyof Support, name: string])[] = [
  ['unnamedTemporaries', 'unnamed temporaries'],
  ['noReplace', 'no-replace'],
  ['exchange', 'exchange'],
  ['directorySync', 'directory sync'],
  ['extendedAttributes', 'attributes'],
];

function supportRows(supports: Support): string[] {
  const named = (answer: Support[keyof Support]) =>
    ABILITIES.filter(([ability]) => supports[ability] === answer)
      .map(([, name]) => name)
      .join(', ');
  const groups = [
    ['supports', named(true)],
    ['lacks', named(false)],
    ['unknown', named('unknown')],
  ] as const;
  return groups.flatMap(([label, names]) => (names === '' ? [] : row(label, names)));
}

/** The plan and, indented below it, the steps. */
function planRows(asked: Durability, plan: PlannedSave): string[] {
  const { protocol, achieves, temporary, replaced, steps } = plan;
  const pinned = replaced === 'held' ? ', the old version pinned' : '';
  const shortfall = achieves === asked ? '' : `; achieves ${achieves}`;
  return [
    ...row(asked, `${protocol}, ${temporary} temporaries${pinned}${shortfall}`),
    ...row('', steps.join(', '), 1),
  ];
}

/** Breaks a text between words into lines of at most `width` columns. A longer word gets a line of its own. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
