import { isFuse, isLocal, isOnNetwork } from './filesystem-types.js';
import type { Mount } from './mounts.js';

/**
 * Which updates the lock of an update keeps out, by the filesystem. `'everywhere'`: those of all machines.
 * `'machine'`: those of this machine, and a lock that others see is not known here. `'local'`: those of this
 * machine, the only one that has the filesystem; its file locks also reach the clients of a server that runs
 * here. `'none'`: other machines have the filesystem as well, and no lock is known to reach them.
 */
export type UpdateLock = 'everywhere' | 'local' | 'machine' | 'none';

/**
 * The lock that an update has by default, and why, for programs that inspect a filesystem.
 *
 * @category inspect
 */
export interface InspectedUpdate {
  /** `'none'`: without the option `lock`, `update` rejects with `ERR_INDELIBLE_UNSUPPORTED`. */
  lock: 'everywhere' | 'machine' | 'none';
  /** A sentence. */
  reason: string;
}

/** Whether the client passes byte-range locks on to the server, by the options of the mount. */
type PassesOn = (options: readonly string[]) => boolean;

/**
 * The shared filesystems whose byte-range locks, those of an open file description included, all machines
 * see, and on which a test for a lock (`F_OFD_GETLK`) answers with the range of the lock that it has found:
 * the tickets need both. The evidence: files of Linux 6.18 unless another project is named.
 *
 * Read and not listed: SMB. Its test reports the whole range that was asked for as locked, since the protocol
 * has no test (fs/smb/client/file.c, cifs_getlk and cifs_setlk with `mand_lock`).
 */
const PASSES_ON: ReadonlyMap<string, PassesOn> = new Map<string, PassesOn>([
  // fs/nfs/file.c, nfs_lock: local with NFS_MOUNT_LOCAL_FCNTL. The server of version 3 is asked by lockd
  // (fs/nfs/nfs3proc.c, nfs3_proc_lock), that of version 4 by itself (fs/nfs/nfs4proc.c, nfs4_proc_lock).
  ['nfs', (options) => !options.some((option) => /^(nolock|local_lock=(posix|all))$/.test(option))],
  ['nfs4', (options) => !options.some((option) => /^local_lock=(posix|all)$/.test(option))],
  // GlusterFS 10: xlators/features/locks/src/posix.c, pl_lk; fs/fuse/file.c, fuse_file_lock.
  ['fuse.glusterfs', () => true],
  // fs/ceph/locks.c, ceph_lock; Ceph 19: src/client/Client.cc, _setlk and _getlk.
  ['ceph', () => true],
  ['fuse.ceph', () => true],
  ['fuse.ceph-fuse', () => true],
  // mount.lustre(8); Lustre 2.15: lustre/llite/file.c, ll_file_flock.
  ['lustre', (options) => !options.some((option) => /^(localflock|noflock)$/.test(option))],
  // fs/gfs2/file.c, gfs2_lock; with `localflocks`, which `lock_nolock` implies, gfs2_file_fops_nolock.
  ['gfs2', (options) => !options.includes('localflocks')],
  // fs/ocfs2/locks.c, ocfs2_lock; only a cluster stack of user space has them (fs/ocfs2/stackglue.c,
  // ocfs2_stack_supports_plocks).
  ['ocfs2', (options) => options.some((option) => /^cluster_stack=(?!o2cb$)/.test(option))],
]);

/** Disks that several machines use at the same time. */
const SHARED_DISKS = new Set(['gfs2', 'ocfs2']);

/** Of a host or container: the machine that runs the server has the files, and other guests may. */
const OF_HOST = new Set(['9p', 'vboxsf', 'vmhgfs', 'prl_fs']);

function isShared(type: string): boolean {
  return (isOnNetwork(type) && !OF_HOST.has(type)) || SHARED_DISKS.has(type);
}

/** @param mount `undefined`: nothing is known about the filesystem. */
export function findUpdateLock(mount: Mount | undefined): UpdateLock {
  if (mount === undefined) return 'machine';
  const { type, options, superOptions } = mount;
  if (isShared(type)) {
    return PASSES_ON.get(type)?.([...options, ...superOptions]) === true ? 'everywhere' : 'none';
  }
  return isLocal(type) ? 'local' : 'machine';
}

/** @param hasLocks whether the engine has locks on this platform. */
export function inspectUpdate(mount: Mount | undefined, hasLocks: boolean): InspectedUpdate {
  if (!hasLocks) {
    const reason = "This engine has no lock that other processes see; lock: 'thread' asks for none.";
    return { lock: 'none', reason };
  }
  const type = mount?.type ?? 'This filesystem';
  switch (findUpdateLock(mount)) {
    case 'everywhere':
      return { lock: 'everywhere', reason: `${type} is shared, and its file locks reach all machines.` };
    case 'none':
      return {
        lock: 'none',
        reason:
          `${type} is shared, and no lock is known to reach the other machines here; ` +
          "lock: 'machine' asks for one of this machine.",
      };
    case 'local':
      return { lock: 'machine', reason: `Only this machine has the ${type}.` };
    case 'machine':
      return {
        lock: 'machine',
        reason:
          mount !== undefined && isFuse(type)
            ? `Only the updates of this machine are kept out, wherever the server of ${type} has the files.`
            : `${type} is not known to be shared: only the updates of this machine are kept out.`,
      };
  }
}
