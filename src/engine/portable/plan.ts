import { type Decision, decide, IN_MEMORY, type Plan, TEXTBOOK } from '../../filesystem/decision.js';
import { limitOfPlainFs } from '../../filesystem/elsewhere.js';
import type { Durability } from '../../options.js';
import { stat, statfs } from './calls.js';
import type { Steps } from './steps.js';

/** f_type of the filesystems that live in memory (statfs(2), include/uapi/linux/magic.h). */
const TMPFS = 0x0102_1994;
const RAMFS = 0x8584_58f6;

/**
 * For so long, in milliseconds, what a filesystem promises is taken from the last look at it: a look costs half a
 * millisecond, and plain `fs` has no way to learn of a remount. It changes what a save reports, never what it does.
 */
const LOOK_AGAIN_AFTER = 1000;

/** What was seen of the filesystems on each device (`st_dev`). */
const looks = new Map<number, { decision: Decision; at: number }>();

/** Chooses the update protocol for files in an existing directory: the textbook, wherever there is a disk. */
export function* planFor(directory: Buffer, asked: Durability): Steps<Plan> {
  if (process.platform !== 'linux') {
    return (limitOfPlainFs(process.platform, 'portable', TEXTBOOK)?.plans ?? TEXTBOOK)[asked];
  }
  // Asked anew for each save, because it decides whether anything is synced.
  if (yield* isInMemory(directory)) return IN_MEMORY[asked];
  if (asked === 'none') return TEXTBOOK.none;
  return (yield* lookAt(directory)).textbook[asked];
}

function* isInMemory(directory: Buffer): Steps<boolean> {
  try {
    const { type } = yield* statfs(directory);
    return type === TMPFS || type === RAMFS;
  } catch {
    // Unknown, so treated like a disk.
    return false;
  }
}

function* lookAt(directory: Buffer): Steps<Decision> {
  const { dev } = yield* stat(directory);
  const now = performance.now();
  const last = looks.get(dev);
  if (last !== undefined && now - last.at < LOOK_AGAIN_AFTER) return last.decision;
  const decision = decide({ directory, ...numbersOf(dev), mountId: undefined });
  for (const [device, { at }] of looks) if (now - at >= LOOK_AGAIN_AFTER) looks.delete(device);
  looks.set(dev, { decision, at: now });
  return decision;
}

/** The C library's packing of a device number (sys/sysmacros.h, gnu_dev_major and gnu_dev_minor). */
function numbersOf(dev: number): { major: number; minor: number } {
  const high = Math.floor(dev / 2 ** 32);
  return {
    major: ((dev >>> 8) & 0xfff) + (high & ~0xfff),
    minor: (dev & 0xff) + ((dev >>> 12) & 0xfff00),
  };
}

const STRENGTH: readonly Durability[] = ['none', 'ordered', 'durable'];

export function isWeaker(a: Durability, b: Durability): boolean {
  return STRENGTH.indexOf(a) < STRENGTH.indexOf(b);
}
