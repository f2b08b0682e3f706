import { GROUP, OVERFLOW, RANGE, USER } from './ids.js';

/** The ids of a user namespace: of these inside `count` ids are `outside` and the following. */
interface Mapping {
  inside: number;
  outside: number;
  count: number;
}

/** A process that saves. */
export interface Saver {
  name: string;
  /** The program and arguments that start it. The command of the process follows. */
  start: readonly string[];
  /** Its ids outside of its user namespace. */
  uid: number;
  gid: number;
  /** Its other groups. */
  groups?: readonly number[];
  /** It may give a file to each owner, to none but itself, or to the ids of its namespace. */
  gives: 'to anybody' | 'to itself' | 'in its namespace';
  /** It may set the mode of a file that it has given away. */
  setsModeOfOthers?: boolean;
  namespace?: { users: Mapping; groups: Mapping };
  /** What the recorder refuses in it. */
  denied?: 'set-id' | 'lists';
  /** It makes all saves of the table, not only a part of them. */
  isMain?: boolean;
  /** Nothing keeps it from reading and setting each right of the old file. */
  keepsAll?: boolean;
}

const as = (uid: number, gid: number, ...groups: number[]): string[] => [
  'setpriv',
  `--reuid=${uid}`,
  `--regid=${gid}`,
  groups.length > 0 ? `--groups=${groups.join(',')}` : '--clear-groups',
];

const WITHOUT_PROC = ['unshare', '--mount', 'sh', '-c', 'umount --lazy /proc && exec "$@"', 'sh'];
/** Goes on when the ids have been mapped, as the namespace's root. */
const IN_NAMESPACE = [
  ...['unshare', '--user', '--keep-caps', 'sh', '-c', 'read mapped; exec "$@"', 'sh'],
  ...['setpriv', '--reuid=0', '--regid=0', '--clear-groups'],
];

const ROOT = { uid: 0, gid: 0, gives: 'to anybody', setsModeOfOthers: true } as const;
const OWNER = { uid: USER.owner, gid: GROUP.owning, gives: 'to itself' } as const;

export const ROOT_SAVER: Saver = { name: 'root', start: [], ...ROOT, isMain: true, keepsAll: true };

export const SAVERS: readonly Saver[] = [
  ROOT_SAVER,
  { name: "the file's owner", start: as(OWNER.uid, OWNER.gid), ...OWNER, isMain: true, keepsAll: true },
  {
    name: "an owner outside of the file's group",
    start: as(USER.owner, GROUP.savers),
    uid: USER.owner,
    gid: GROUP.savers,
    gives: 'to itself',
  },
  {
    name: "a member of the file's group",
    start: as(USER.saver, GROUP.savers, GROUP.owning),
    uid: USER.saver,
    gid: GROUP.savers,
    groups: [GROUP.owning],
    gives: 'to itself',
    isMain: true,
  },
  {
    name: 'a user who may only change the directory',
    start: as(USER.saver, GROUP.savers),
    uid: USER.saver,
    gid: GROUP.savers,
    gives: 'to itself',
  },
  {
    name: 'root with CAP_CHOWN alone',
    start: ['setpriv', '--bounding-set=-all,+chown', '--inh-caps=-all'],
    uid: 0,
    gid: 0,
    gives: 'to anybody',
    isMain: true,
  },
  {
    name: 'a service with CAP_CHOWN alone',
    start: [
      ...as(USER.service, GROUP.savers),
      ...['--inh-caps=+chown', '--ambient-caps=+chown', '--bounding-set=-all,+chown'],
    ],
    uid: USER.service,
    gid: GROUP.savers,
    gives: 'to anybody',
  },
  {
    name: "root of a user namespace that has only the file's owner",
    start: IN_NAMESPACE,
    uid: USER.owner,
    gid: GROUP.savers,
    gives: 'in its namespace',
    namespace: {
      users: { inside: 0, outside: USER.owner, count: 1 },
      groups: { inside: 0, outside: GROUP.savers, count: 1 },
    },
  },
  {
    name: 'root of a user namespace that has a nobody of its own',
    start: IN_NAMESPACE,
    uid: RANGE,
    gid: RANGE,
    isMain: true,
    gives: 'in its namespace',
    setsModeOfOthers: true,
    namespace: {
      users: { inside: 0, outside: RANGE, count: 65_536 },
      groups: { inside: 0, outside: RANGE, count: 65_536 },
    },
  },
  { name: 'root without /proc', start: WITHOUT_PROC, ...ROOT },
  { name: 'an owner without /proc', start: [...WITHOUT_PROC, ...as(OWNER.uid, OWNER.gid)], ...OWNER },
  { name: 'root where set-id bits are refused', start: [], ...ROOT, denied: 'set-id' },
  {
    name: 'an owner where set-id bits are refused',
    start: as(OWNER.uid, OWNER.gid),
    ...OWNER,
    denied: 'set-id',
  },
  { name: 'root where lists are refused', start: [], ...ROOT, denied: 'lists' },
  { name: 'an owner where lists are refused', start: as(OWNER.uid, OWNER.gid), ...OWNER, denied: 'lists' },
];

/** Whether the saver may give a file to these ids. */
export function mayGive(saver: Saver, { uid, gid }: { uid: number; gid: number }): boolean {
  const { namespace } = saver;
  if (saver.gives === 'to anybody') return true;
  if (namespace !== undefined) {
    return outside(namespace.users, uid) !== undefined && outside(namespace.groups, gid) !== undefined;
  }
  return uid === saver.uid && [saver.gid, ...(saver.groups ?? [])].includes(gid);
}

function outside({ inside, outside, count }: Mapping, id: number): number | undefined {
  return id >= inside && id < inside + count ? id - inside + outside : undefined;
}

/** What the saver's process sees as this user. In a list, an id without a mapping is -1. */
export function userSeenBy({ namespace }: Saver): (id: number) => number {
  // Only the directory's default list puts such a user on a new file.
  return (id) => (namespace === undefined ? id : (outside(namespace.users, id) ?? USER.named));
}

/** The same for a group. The group of a set-group-id directory (`isOfDirectory`) is seen as the overflow id. */
export function groupSeenBy({ namespace }: Saver, isOfDirectory: boolean): (id: number) => number {
  if (namespace === undefined) return (id) => id;
  return (id) => {
    if (id === OVERFLOW && isOfDirectory) return GROUP.directory;
    return outside(namespace.groups, id) ?? GROUP.listed;
  };
}

/** The ids that the saver asks for, as they are outside of its namespace. */
export function ownerSeenOutside(
  { namespace }: Saver,
  { uid, gid }: { uid: number; gid: number },
): { uid: number; gid: number } {
  if (namespace === undefined) return { uid, gid };
  return { uid: outside(namespace.users, uid) ?? uid, gid: outside(namespace.groups, gid) ?? gid };
}
