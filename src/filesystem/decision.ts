import { readFileSync } from 'node:fs';
import type { Durability, Protocol } from '../options.js';
import { parseMounts } from './mounts.js';

/** Where a save's directory is, as the kernel tells mounted filesystems apart. */
export interface Location {
  major: number;
  minor: number;
  /** 0 where the kernel does not tell (before Linux 5.8). */
  mountId: number;
}

/** The protocol for one durability, and what it comes to. */
export interface Plan {
  protocol: Protocol;
  achieves: Durability;
}

/** How to save on one mounted filesystem. */
export interface Decision {
  durable: Plan;
  ordered: Plan;
  none: Plan;
  /** tmpfs or ramfs: what is written is stored, and nothing can fail later. */
  inMemory: boolean;
}

/** Right on every filesystem that has a disk; slower than need be on some. */
export const TEXTBOOK: Decision = {
  durable: { protocol: 'sync-rename-sync', achieves: 'durable' },
  ordered: { protocol: 'sync-rename-sync', achieves: 'ordered' },
  none: { protocol: 'rename', achieves: 'none' },
  inMemory: false,
};

/** Filesystems that live in memory: a sync has nothing to sync to, and nothing outlives the power. */
export const IN_MEMORY: Decision = {
  durable: { protocol: 'rename', achieves: 'none' },
  ordered: { protocol: 'rename', achieves: 'none' },
  none: { protocol: 'rename', achieves: 'none' },
  inMemory: true,
};

const MEMORY_TYPES: ReadonlySet<string> = new Set(['tmpfs', 'ramfs']);

/**
 * Chooses the update protocol for a mounted filesystem. Never throws: what cannot be read counts for the textbook.
 *
 * The mount table is made by the kernel on reading; no disk is touched.
 */
export function decide(location: Location): Decision {
  let table: string;
  try {
    table = readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return TEXTBOOK;
  }
  const device = `${location.major}:${location.minor}`;
  const types = parseMounts(table)
    .filter((mount) => mount.device === device && (location.mountId === 0 || mount.id === location.mountId))
    .map((mount) => mount.type);
  return types.length > 0 && types.every((type) => MEMORY_TYPES.has(type)) ? IN_MEMORY : TEXTBOOK;
}
