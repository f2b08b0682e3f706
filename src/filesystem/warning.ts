/**
 * The kind of a warning, for programs.
 *
 * @category inspect
 */
export type WarningCode =
  /** tmpfs and similar: nothing survives power loss. */
  | 'memory'
  /** A library in this process makes syncs do nothing (eatmydata). */
  | 'syncs-disabled'
  /** overlayfs mounted with `volatile`: it syncs nothing. */
  | 'volatile-overlay'
  /** Mounted without write barriers: the disk's cache is never flushed. */
  | 'no-barriers'
  /** ext4 with `data=writeback`: after a crash, a file may contain the bytes of another. */
  | 'data-writeback'
  /** Nothing orders the writes of the filesystem: a crash during a save may damage the old file. */
  | 'no-journal'
  /** A network filesystem: the server decides what a sync means. */
  | 'network'
  /** A FUSE filesystem: a program decides what a sync means. */
  | 'fuse'
  /** Mounted read-only: nothing can be saved. */
  | 'read-only'
  /**
   * The path itself is a mount point, such as a file bind-mounted into a container. It cannot be replaced.
   */
  | 'mount-point'
  /** The disk of the filesystem is in memory. */
  | 'memory-device'
  /** The disk may have a cache that loses writes, and the kernel does not flush it. */
  | 'write-cache';

/**
 * Something that the filesystem or its device makes less than it seems.
 *
 * @category inspect
 */
export interface Warning {
  code: WarningCode;
  /** For people. */
  message: string;
}
