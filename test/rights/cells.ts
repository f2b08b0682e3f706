import type { Preserve } from '../../src/index.js';
import { GROUP, USER } from './ids.js';
import type { Saver } from './savers.js';

/** Where the files are: `listed` has a default access control list, `set-group-id` that bit. */
export type Place = 'plain' | 'listed' | 'set-group-id';

/** A file that is replaced. It belongs to `USER.owner` and `GROUP.owning`. */
export interface OldFile {
  mode: number;
  /** In the form of setfacl(1). It also sets the mask, which is the group's part of the mode. */
  list?: string;
  place?: Place;
  /** It has the attribute `user.tag`. */
  tagged?: boolean;
}

/** A user, a group, and both without rights for one of them. */
const LISTS = {
  gives: `u:${USER.named}:rw-,g:${GROUP.listed}:r--,g::r--,m::rw-`,
  givesNotToTheGroup: `u:${USER.named}:rw-,g::---,m::rw-`,
  denies: [
    ...[USER.denied, USER.deniedMember, USER.deniedColleague].map((user) => `u:${user}:---`),
    ...[`g:${GROUP.denied}:---`, 'g::r--', 'm::r--'],
  ].join(','),
};

export const DEFAULT_LIST = `d:u:${USER.named}:rwx,d:g:${GROUP.listed}:rwx,d:u::rwx,d:g::rwx,d:o::rwx,d:m::rwx`;

export const OLD_FILES: readonly OldFile[] = [
  { mode: 0o600 },
  { mode: 0o644 },
  { mode: 0o604 },
  { mode: 0o444, tagged: true },
  { mode: 0o6755 },
  { mode: 0o2664 },
  { mode: 0o640, place: 'set-group-id' },
  { mode: 0o640, list: LISTS.gives },
  { mode: 0o600, list: LISTS.givesNotToTheGroup },
  { mode: 0o644, list: LISTS.denies },
  { mode: 0o600, place: 'listed' },
  { mode: 0o644, place: 'listed' },
  { mode: 0o644, list: LISTS.denies, place: 'listed' },
];

/** The options of a save that concern rights. */
export interface Options {
  mode?: number;
  owner?: { uid: number; gid: number; required?: boolean };
  preserve?: Preserve;
}

const OLD_OWNER = { uid: USER.owner, gid: GROUP.owning };
const NEW_OWNER = { uid: USER.newOwner, gid: GROUP.new };

const SET_ID_MODE = 0o6750;

export const OPTIONS: readonly Options[] = [
  {},
  { mode: 0o640 },
  { owner: NEW_OWNER },
  { owner: OLD_OWNER, mode: 0o640 },
  { owner: NEW_OWNER, mode: SET_ID_MODE },
  { preserve: 'permissions' },
  { preserve: 'none' },
  { preserve: { mode: true, owner: false, attributes: true } },
  { owner: { ...NEW_OWNER, required: false } },
];

export type Call =
  | 'save'
  | 'saveSync'
  | 'update'
  | 'saveAll'
  | 'keepPrevious'
  | 'stream'
  | 'temporary'
  | 'link'
  | 'writeFile'
  | 'naive';

/** The engine, and whether the filesystem is one on which its temporaries have a name. */
export interface Variant {
  name: string;
  engine: 'native' | 'portable';
  disk: 'named' | 'unnamed';
}

const UMASK = 0o022;

/** One save. */
export interface Cell {
  call: Call;
  /** Undefined if the file is new. */
  old: OldFile | undefined;
  options: Options;
  place: Place;
  umask: number;
  /** While the new version is open, the old file gets this mode. */
  meanwhile?: number;
}

/** Each of these saves is made by four calls; the others by one or two. */
const isMain = ({ preserve, owner, mode }: Options): boolean =>
  preserve === undefined && owner?.required === undefined && mode !== SET_ID_MODE;

function callsOf({ engine, disk }: Variant, { isMain: isMainSaver = false, keepsAll = false }: Saver) {
  const main: readonly Call[] = [
    'saveSync',
    'stream',
    'update',
    engine === 'native' ? 'temporary' : 'saveAll',
  ];
  const others: readonly Call[] = ['saveAll', 'save', ...(keepsAll ? (['keepPrevious'] as const) : [])];
  const all = [...new Set([...main, ...others])];
  const inTurn = (index: number): Call => all[index % all.length] ?? 'save';
  return (options: Options, index: number): readonly Call[] => {
    if (!isMainSaver) return [inTurn(index)];
    if (disk === 'unnamed') return [inTurn(index), inTurn(index + 1)];
    return isMain(options) ? main : [inTurn(index)];
  };
}

/** The saves of a process over files that exist. */
function replacements(variant: Variant, saver: Saver): Cell[] {
  const calls = callsOf(variant, saver);
  return OLD_FILES.flatMap((old, row) =>
    OPTIONS.flatMap((options, column) =>
      calls(options, row + column).map((call) => ({
        ...{ call, old, options, place: old.place ?? 'plain', umask: UMASK },
      })),
    ),
  );
}

/** The saves of a process that make files. The first of each kind is the measure: what `fs` does. */
function additions({ engine }: Variant): Cell[] {
  const calls: readonly Call[] = ['saveSync', 'stream', engine === 'native' ? 'link' : 'saveAll', 'update'];
  const places: readonly Place[] = ['plain', 'listed', 'set-group-id'];
  const asked = OPTIONS.filter(({ preserve }) => preserve === undefined);
  return places.flatMap((place, row) =>
    [UMASK, 0o077].flatMap((umask): Cell[] => [
      { call: 'writeFile', old: undefined, options: {}, place, umask },
      ...(umask === UMASK ? asked : asked.slice(0, 1)).flatMap((options, column) =>
        [0, 1].map((turn): Cell => {
          const call = calls[(row + column + 2 * turn) % calls.length] ?? 'save';
          return { call, old: undefined, options, place, umask };
        }),
      ),
    ]),
  );
}

export function cellsOf(variant: Variant, saver: Saver): Cell[] {
  const held: readonly Call[] = variant.engine === 'native' ? ['stream', 'temporary'] : ['stream'];
  const old = { mode: 0o644 };
  const changing = held.map((call): Cell => {
    return { call, old, options: {}, place: 'plain', umask: UMASK, meanwhile: 0o600 };
  });
  return [...additions(variant), ...replacements(variant, saver), ...changing];
}

/** For the message of a failed test. */
export function describeCell({ call, old, options, place, umask, meanwhile }: Cell): string {
  const file = old === undefined ? 'a new file' : `a file with ${old.mode.toString(8)}`;
  const later = meanwhile === undefined ? '' : `, meanwhile ${meanwhile.toString(8)},`;
  const list = old?.list === undefined ? '' : ` and the list ${old.list}`;
  const where = place === 'plain' ? '' : ` in a ${place} directory`;
  const asked = Object.entries(options).map(([name, value]) => {
    if (name === 'mode') return `mode ${Number(value).toString(8)}`;
    return `${name} ${JSON.stringify(value).replaceAll('"', '')}`;
  });
  const mask = umask === UMASK ? '' : `, umask ${umask.toString(8)}`;
  return `${call} of ${file}${later}${list}${where}${asked.length > 0 ? ` with ${asked.join(' and ')}` : ''}${mask}`;
}
