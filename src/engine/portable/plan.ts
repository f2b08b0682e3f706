import { IN_MEMORY, type Plan, TEXTBOOK } from '../../filesystem/decision.js';
import type { Durability } from '../../options.js';
import { statfs } from './calls.js';
import type { Steps } from './steps.js';

/** f_type of the filesystems that live in memory (statfs(2), include/uapi/linux/magic.h). */
const TMPFS = 0x0102_1994;
const RAMFS = 0x8584_58f6;

/** Chooses the update protocol for files in an existing directory. */
export function* planFor(directory: Buffer, asked: Durability): Steps<Plan> {
  return ((yield* isInMemory(directory)) ? IN_MEMORY : TEXTBOOK)[asked];
}

function* isInMemory(directory: Buffer): Steps<boolean> {
  if (process.platform !== 'linux') return false;
  try {
    const { type } = yield* statfs(directory);
    return type === TMPFS || type === RAMFS;
  } catch {
    // Unknown, so treated like a disk.
    return false;
  }
}

const STRENGTH: readonly Durability[] = ['none', 'ordered', 'durable'];

export function isWeaker(a: Durability, b: Durability): boolean {
  return STRENGTH.indexOf(a) < STRENGTH.indexOf(b);
}
