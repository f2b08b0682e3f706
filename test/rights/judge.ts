import type { Options } from './cells.js';
import { describeCell } from './cells.js';
import { describeState, type FileState, keyOf } from './file-state.js';
import { SUBJECTS, USER } from './ids.js';
import type { Seen } from './run.js';
import { mayGive, ownerSeenOutside } from './savers.js';
import type { Rights } from './subjects.js';

/**
 * What is wrong with a save.
 * - `widens`: somebody has more rights than allowed, in the end or for an instant.
 * - `asked`: the mode or owner that was asked for is not there.
 * - `outcome`: the save failed or succeeded where it should not, or did not leave things as they were.
 * - `loses`: what can be kept is lost.
 */
export interface Complaint {
  kind: 'widens' | 'asked' | 'outcome' | 'loses';
  text: string;
}

const SET_USER_ID = 0o4000;
const SET_GROUP_ID = 0o2000;
const SET_ID = SET_USER_ID | SET_GROUP_ID;

/** Plain `fs` neither sees nor prevents lists. */
function isBlind({ variant, before, cell }: Seen): boolean {
  return variant.engine === 'portable' && ((before?.list ?? '') !== '' || cell.place === 'listed');
}

const takesOver = ({ before, cell }: Seen): boolean =>
  before !== undefined && cell.options.preserve !== 'none';

/** The owner and group that the new file is to have, if the caller asks for them. A save may fail for them. */
function askedOwner({ cell, saver }: Seen): { uid: number; gid: number } | undefined {
  const { owner } = cell.options;
  if (owner === undefined || (owner.required === false && !mayGive(saver, owner))) return undefined;
  return ownerSeenOutside(saver, owner);
}

/** The file that the rights are compared with: nobody may do more to the new one, at any instant. */
function reference(seen: Seen): FileState {
  const { before, ordinary, after, cell } = seen;
  const { mode } = cell.options;
  const base = before !== undefined && takesOver(seen) ? before : ordinary;
  const asked = askedOwner(seen);
  if (mode !== undefined) {
    const { uid, gid } = asked ?? after ?? base;
    return { mode, uid, gid, list: '' };
  }
  return { ...base, ...asked };
}

/** The states whose rights the judge asks for. */
export function statesOf(seen: Seen): FileState[] {
  const { before, after, instants } = seen;
  return [before, after, reference(seen), ...instants].filter((state) => state !== undefined);
}

const within = (rights: string, bound: string): boolean =>
  [...rights].every((right) => right === '-' || bound.includes(right));

/** The subjects that may do more than allowed. The saver knows what it writes, so it is left out. */
function excess(seen: Seen, rights: Rights, bound: Rights): string[] {
  const mayChangeTheMode = (uid: number) =>
    seen.before !== undefined &&
    uid === USER.owner &&
    takesOver(seen) &&
    seen.cell.options.mode === undefined &&
    seen.cell.options.owner === undefined;
  const more = SUBJECTS.flatMap(({ name, uid }, index) => {
    const [has = '', may = ''] = [rights[index], bound[index]];
    if (uid === seen.saver.uid || mayChangeTheMode(uid) || within(has, may)) return [];
    return [`${name} has ${has} instead of ${may}`];
  });
  return more.length > 3 ? [`${more.slice(0, 3).join(', ')}, and ${more.length - 3} others have more`] : more;
}

/** The set-id bits that the file has with an owner or group for which nobody gave them. */
function wrongSetIdBits(seen: Seen, state: FileState): string[] {
  const kept = takesOver(seen) ? seen.before : undefined;
  const allowed = seen.cell.options.mode === undefined ? kept : reference(seen);
  const wrong = (bit: number, name: 'uid' | 'gid') =>
    (state.mode & bit) !== 0 && (((allowed?.mode ?? 0) & bit) === 0 || state[name] !== allowed?.[name]);
  return [
    ...(wrong(SET_USER_ID, 'uid') ? ['set-user-id'] : []),
    ...(wrong(SET_GROUP_ID, 'gid') ? ['set-group-id'] : []),
  ].map((bit) => `the bit ${bit} is given to another owner or group`);
}

/** The errors that are right, if the save has to fail or may fail. */
function expectedErrors(seen: Seen): { codes: string[]; mustFail: boolean } {
  const { cell, saver, readable, before, variant } = seen;
  const { owner, mode } = cell.options;
  const codes: string[] = [];
  const isRequired = owner !== undefined && owner.required !== false;
  if (isRequired && !mayGive(saver, owner)) {
    codes.push('EPERM');
    // The id cannot be said in this namespace (chown(2)).
    if (saver.namespace !== undefined) codes.push('EINVAL');
  }
  if (cell.call === 'update' && before !== undefined && !readable) codes.push('EACCES');
  const mustFail = codes.length > 0;
  // Of a file whose group has no id in the namespace, nothing can be given away (capable_wrt_inode_uidgid).
  if (owner !== undefined && saver.namespace !== undefined && cell.place === 'set-group-id')
    codes.push('EPERM');
  if (mode !== undefined && mode & SET_ID && !maySetId(seen)) codes.push('EPERM');
  // Plain `fs` creates a name by link(2), and without privileges no process may link a file that it has given
  // away (proc_sys_fs(5), protected_hardlinks).
  const gaveAway = owner !== undefined && owner.uid !== saver.uid && saver.setsModeOfOthers !== true;
  if (variant.engine === 'portable' && cell.call === 'update' && before === undefined && gaveAway) {
    codes.push('ERR_INDELIBLE_UNSUPPORTED');
  }
  return { codes, mustFail };
}

function maySetId({ saver, cell }: Seen): boolean {
  if (saver.denied === 'set-id') return false;
  return saver.setsModeOfOthers === true || cell.options.owner === undefined;
}

function* judgeFailure(seen: Seen): Generator<Complaint> {
  const { failure, before, after } = seen;
  if (failure === undefined) return;
  const { codes } = expectedErrors(seen);
  if (!codes.includes(failure.code)) {
    yield { kind: 'outcome', text: `fails: ${failure.message}` };
  }
  if (failure.published !== false) yield { kind: 'outcome', text: `published is ${failure.published}` };
  const unchanged =
    before === undefined || after === undefined
      ? before === after
      : keyOf(before) === keyOf(after) && before.inode === after.inode;
  if (!unchanged) yield { kind: 'outcome', text: 'the failed save has changed the file' };
}

function* judgeSuccess(seen: Seen): Generator<Complaint> {
  const { before, after, saver, cell, previous } = seen;
  if (expectedErrors(seen).mustFail) {
    yield { kind: 'outcome', text: 'succeeds, though what was asked for is not possible' };
  }
  if (after === undefined || after.inode === before?.inode) {
    yield { kind: 'outcome', text: 'says that it has saved, and has not' };
    return;
  }
  const { mode } = cell.options;
  if (mode !== undefined && after.mode !== mode) {
    yield { kind: 'asked', text: `the mode is ${after.mode.toString(8)}` };
  }
  if (mode !== undefined && after.list !== '' && !isBlind(seen)) {
    yield { kind: 'asked', text: 'there is a list beside the mode that was asked for' };
  }
  const asked = askedOwner(seen);
  const mayLack =
    saver.namespace !== undefined && cell.place === 'set-group-id' && cell.options.owner?.required === false;
  if (asked !== undefined && !mayLack && (after.uid !== asked.uid || after.gid !== asked.gid)) {
    yield { kind: 'asked', text: `the owner is ${after.uid}:${after.gid}` };
  }
  if (cell.call === 'keepPrevious' && before !== undefined) {
    const same =
      previous !== undefined && keyOf(previous) === keyOf(before) && previous.inode === before.inode;
    if (!same) yield { kind: 'loses', text: `the previous version is ${describeState(previous)}` };
  }
}

function* judgeRights(seen: Seen, rightsOf: (state: FileState) => Rights): Generator<Complaint> {
  const { after, instants, held, looks, cell, failure } = seen;
  const bound = rightsOf(reference(seen));
  if (!isBlind(seen)) {
    // After the old file has changed, the new version may still have the rights that the old one had before.
    for (const [at, state] of cell.meanwhile === undefined ? instants.entries() : []) {
      for (const text of [...excess(seen, rightsOf(state), bound), ...wrongSetIdBits(seen, state)]) {
        yield { kind: 'widens', text: `instant ${at + 1}, ${describeState(state)}: ${text}` };
      }
    }
    const looked = (looks[0] ?? []).map((_, file) => looks.map((rights) => rights[file] ?? ''));
    for (const rights of looked) {
      for (const text of excess(seen, rights, bound)) {
        yield { kind: 'widens', text: `looked at while it was open: ${text}` };
      }
    }
    if (after !== undefined && failure === undefined) {
      for (const text of [...excess(seen, rightsOf(after), bound), ...wrongSetIdBits(seen, after)]) {
        yield { kind: 'widens', text: `afterwards: ${text}` };
      }
    }
  }
  // What it will replace is not known.
  if (cell.call === 'temporary' && cell.meanwhile === undefined) {
    for (const state of instants.slice(0, held)) {
      const nobody = SUBJECTS.map(() => '---');
      for (const text of excess(seen, rightsOf(state), nobody)) {
        yield { kind: 'widens', text: `before it has a target, ${describeState(state)}: ${text}` };
      }
    }
  }
  if (failure === undefined && instants.length === 0) yield { kind: 'outcome', text: 'nothing was recorded' };
}

/** Whether mode and owner are those of the old file. */
const isPlain = ({ mode, owner, preserve }: Options): boolean =>
  mode === undefined && owner === undefined && (preserve === undefined || preserve === 'permissions');

function* judgeKept(seen: Seen, rightsOf: (state: FileState) => Rights): Generator<Complaint> {
  const { before, after, saver, cell, variant, failure } = seen;
  if (before === undefined || after === undefined || failure !== undefined) return;
  if (!isPlain(cell.options)) return;
  const hadList = before.list !== '';
  const carriesLists =
    variant.engine === 'native' &&
    cell.options.preserve === undefined &&
    saver.denied !== 'lists' &&
    saver.start[0] !== 'unshare';
  const now = describeState(after);
  const keepsIds =
    saver.keepsAll || saver.gives === 'to anybody' || (saver.uid === before.uid && saver.gid === before.gid);
  if (keepsIds && (after.uid !== before.uid || after.gid !== before.gid)) {
    yield { kind: 'loses', text: `the owner is lost: ${now}` };
  }
  const keepsSetId = saver.denied !== 'set-id' && (saver.setsModeOfOthers || saver.uid === before.uid);
  const bits = keepsSetId ? 0o7777 : 0o777;
  if (keepsIds && (!hadList || carriesLists || isBlind(seen))) {
    if ((after.mode & bits) !== (before.mode & bits))
      yield { kind: 'loses', text: `the mode is lost: ${now}` };
  }
  if (keepsIds && carriesLists && after.list !== before.list) {
    yield { kind: 'loses', text: `the list is lost: ${now}` };
  }
  if (!keepsIds && !hadList && !isBlind(seen)) {
    const others = SUBJECTS.findIndex(({ uid }) => uid === USER.other);
    const member = SUBJECTS.findIndex(({ uid }) => uid === USER.member);
    const [old, present] = [rightsOf(before), rightsOf(after)];
    const exclusive = !within(old[others] ?? '', old[member] ?? '');
    if (!exclusive && old[others] !== present[others]) {
      yield { kind: 'loses', text: `the rights of all others are lost: ${now}` };
    }
  }
  const copies =
    variant.engine === 'native' && cell.options.preserve === undefined && saver.start[0] !== 'unshare';
  if (copies && seen.readable && after.tag !== before.tag) {
    yield { kind: 'loses', text: `the attribute user.tag is lost: ${now}` };
  }
}

/** All that is wrong with a save. */
export function judge(seen: Seen, rightsOf: (state: FileState) => Rights): Complaint[] {
  const { before, cell } = seen;
  const complaints = [
    ...(seen.failure === undefined ? judgeSuccess(seen) : judgeFailure(seen)),
    ...judgeRights(seen, rightsOf),
    ...judgeKept(seen, rightsOf),
  ];
  const file = before === undefined ? '' : ` [${describeState(before)} to ${describeState(seen.after)}]`;
  return complaints.map(({ kind, text }) => ({ kind, text: `${describeCell(cell)}${file}: ${text}` }));
}
