/** The users and groups of the table. */
export const USER = {
  owner: 2001,
  saver: 2002,
  named: 2003,
  denied: 2005,
  inDeniedGroup: 2006,
  other: 2007,
  member: 2008,
  colleague: 2009,
  inRootsGroup: 2010,
  newOwner: 2011,
  inNewGroup: 2012,
  service: 2013,
  deniedMember: 2015,
  listedMember: 2016,
  inDirectoryGroup: 2017,
  deniedColleague: 2019,
  inListedGroup: 2020,
};

export const GROUP = {
  /** The group of the old file. */
  owning: 3001,
  /** The group of a saver that is no member of the owning group. */
  savers: 3002,
  listed: 3004,
  denied: 3006,
  new: 3011,
  /** The group of a directory with the set-group-id bit. */
  directory: 3040,
  /** A group without rights. */
  none: 3020,
};

/** In a user namespace ids without a mapping are shown as this one (user_namespaces(7)). */
export const OVERFLOW = 65534;
/** The first id outside of the user namespaces that map 65,536 ids. */
export const RANGE = 100_000;

/** The users whose rights to a file are compared. */
export interface Subject {
  name: string;
  uid: number;
  groups: readonly [number, ...number[]];
}

export const SUBJECTS: readonly Subject[] = [
  { name: 'the old owner', uid: USER.owner, groups: [GROUP.none] },
  { name: 'a member of the owning group', uid: USER.member, groups: [GROUP.owning] },
  { name: 'a user in the list', uid: USER.named, groups: [GROUP.none] },
  { name: 'a member of a group in the list', uid: USER.inListedGroup, groups: [GROUP.listed] },
  {
    name: 'a member of the owning and a listed group',
    uid: USER.listedMember,
    groups: [GROUP.owning, GROUP.listed],
  },
  { name: 'a denied user', uid: USER.denied, groups: [GROUP.none] },
  { name: 'a denied member of the owning group', uid: USER.deniedMember, groups: [GROUP.owning] },
  { name: "a denied member of the saver's group", uid: USER.deniedColleague, groups: [GROUP.savers] },
  { name: 'a member of a denied group', uid: USER.inDeniedGroup, groups: [GROUP.denied] },
  { name: 'another user', uid: USER.other, groups: [GROUP.none] },
  { name: "a member of the saver's group", uid: USER.colleague, groups: [GROUP.savers] },
  { name: "a member of root's group", uid: USER.inRootsGroup, groups: [0] },
  { name: 'the new owner', uid: USER.newOwner, groups: [GROUP.none] },
  { name: 'a member of the new group', uid: USER.inNewGroup, groups: [GROUP.new] },
  { name: "a member of the directory's group", uid: USER.inDirectoryGroup, groups: [GROUP.directory] },
  { name: "a namespace's nobody", uid: RANGE + OVERFLOW, groups: [GROUP.none] },
  { name: "a member of a namespace's nogroup", uid: RANGE + 1, groups: [RANGE + OVERFLOW] },
  { name: "a member of a namespace's root group", uid: RANGE + 2, groups: [RANGE] },
];
