import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What decides the rights to a file. */
export interface FileState {
  /** The twelve mode bits. */
  mode: number;
  uid: number;
  gid: number;
  /** The access control list: `system.posix_acl_access` in hexadecimal, empty if there is none. */
  list: string;
}

/** A file as it is on disk. */
export interface SeenFile extends FileState {
  inode: number;
  /** The value of `user.tag`, in hexadecimal. */
  tag: string | undefined;
}

const ACCESS = 'system.posix_acl_access';

/** All files of a directory, by name. */
export function filesIn(directory: string): Map<string, SeenFile> {
  const names = readdirSync(directory);
  const dump =
    names.length === 0
      ? ''
      : execFileSync('getfattr', ['-h', '-d', '-m', '-', '-e', 'hex', '--', ...names], {
          cwd: directory,
          encoding: 'utf8',
          maxBuffer: 1 << 28,
        });
  const attributes = new Map<string, Map<string, string>>();
  for (const block of dump.split('\n\n')) {
    const [first = '', ...lines] = block.trim().split('\n');
    const pairs = lines.map((line): [string, string] => {
      const [name = '', value = ''] = line.split('=0x');
      return [name, value];
    });
    attributes.set(first.replace('# file: ', ''), new Map(pairs));
  }
  return new Map(
    names.map((name) => {
      const { mode, uid, gid, ino } = lstatSync(join(directory, name));
      const found = attributes.get(name);
      const list = found?.get(ACCESS) ?? '';
      return [name, { mode: mode & 0o7777, uid, gid, list, inode: ino, tag: found?.get('user.tag') }];
    }),
  );
}

/** Makes one file for each state, named by its index. A list decides over the mode. */
export function makeFiles(directory: string, states: readonly FileState[]): void {
  const lists = states.flatMap(({ list }, index) =>
    list === '' ? [] : [`# file: ${index}\n${ACCESS}=0x${list}\n`],
  );
  states.forEach(({ mode, uid, gid }, index) => {
    writeFileSync(join(directory, String(index)), 'content');
    chownSync(join(directory, String(index)), uid, gid);
    chmodSync(join(directory, String(index)), mode);
  });
  execFileSync('setfattr', ['--restore=-'], { cwd: directory, input: lists.join('\n') });
}

export function keyOf({ mode, uid, gid, list }: FileState): string {
  return `${mode.toString(8)} ${uid}:${gid} ${list}`;
}

/** A state in words, for the message of a failed test. */
export function describeState(state: FileState | undefined): string {
  if (state === undefined) return 'nothing';
  const { mode, uid, gid, list } = state;
  const entries = entriesOf(list);
  const mask = mode.toString(8).padStart(4, '0');
  return `${mask} ${uid}:${gid}${entries.length > 0 ? ` (${entries.map(describeEntry).join(' ')})` : ''}`;
}

interface Entry {
  tag: number;
  rights: number;
  id: number;
}

/** The kinds of entries in the order of the list, by their number in linux/posix_acl.h. */
const TAGS = new Map([
  [0x01, 'u:'],
  [0x02, 'u:'],
  [0x04, 'g:'],
  [0x08, 'g:'],
  [0x10, 'm:'],
  [0x20, 'o:'],
]);
const NAMED_USER = 0x02;
const NAMED_GROUP = 0x08;
const HEADER = 4;
const ENTRY = 8;

/** The entries of a list as the kernel gives it: linux/posix_acl_xattr.h. */
function entriesOf(list: string): Entry[] {
  const bytes = Buffer.from(list, 'hex');
  const entries: Entry[] = [];
  for (let at = HEADER; at + ENTRY <= bytes.length; at += ENTRY) {
    entries.push({
      tag: bytes.readUInt16LE(at),
      rights: bytes.readUInt16LE(at + 2),
      id: bytes.readUInt32LE(at + 4),
    });
  }
  return entries;
}

function describeEntry({ tag, rights, id }: Entry): string {
  const named = tag === NAMED_USER || tag === NAMED_GROUP;
  const letters = ['r', 'w', 'x'].map((letter, bit) => (rights & (4 >> bit) ? letter : '-')).join('');
  return `${TAGS.get(tag)}${named ? id : ''}:${letters}`;
}

/** The same state with other ids: those of another user namespace. */
export function withIds(
  state: FileState,
  user: (id: number) => number,
  group: (id: number) => number,
): FileState {
  const bytes = Buffer.from(state.list, 'hex');
  entriesOf(state.list).forEach(({ tag, id }, index) => {
    const at = HEADER + index * ENTRY + 4;
    if (tag === NAMED_USER) bytes.writeUInt32LE(user(id), at);
    if (tag === NAMED_GROUP) bytes.writeUInt32LE(group(id), at);
  });
  return { ...state, uid: user(state.uid), gid: group(state.gid), list: bytes.toString('hex') };
}
