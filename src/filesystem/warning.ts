/** What a warning is about, for programs. */
export type WarningCode =
  /** tmpfs and the like: nothing survives the end of the power. */
  | 'memory'
  /** The process runs with a library that turns syncs into nothing (eatmydata). */
  | 'syncs-disabled'
  /** overlayfs mounted with `volatile` syncs nothing. */
  | 'volatile-overlay'
  /** Mounted without write barriers: the disk's cache is never told to write anything. */
  | 'no-barriers'
  /** ext4 with `data=writeback`: a crash may show one file's bytes in another. */
  | 'data-writeback'
  /** Nothing orders the filesystem's own writes: a crash during a save may damage the old file. */
  | 'no-journal'
  /** Behind a network, the server decides what a sync means. */
  | 'network'
  /** Behind FUSE, a program decides what a sync means. */
  | 'fuse'
  /** Mounted read-only: nothing can be saved. */
  | 'read-only'
  /** The path is itself a mount point, as a file bind-mounted into a container is, and cannot be replaced. */
  | 'mount-point'
  /** The disk that the filesystem is on lives in memory. */
  | 'memory-device'
  /** The disk's cache may lose writes although it says it has none to lose. */
  | 'write-cache';

export interface Warning {
  code: WarningCode;
  /** For people. */
  message: string;
}
