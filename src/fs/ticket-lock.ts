import type { LockCalls, OpenDirectory } from './file-system-calls.js';
import type { Steps } from './steps.js';

/** Where the tickets begin among a lock's 63 bits of offset: far behind anything that a directory holds. */
const FIRST_OFFSET = 1n << 62n;

/**
 * So many tickets has each name before its queue must have been empty once: with ten thousand updates a second that always
 * wait for each other, they last for most of a year.
 */
const TICKET_BITS = 38n;

/** And so many names have ranges of their own. Two names that share one only wait for each other. */
const NAME_BITS = 24n;

/** For so long, in microseconds, a call looks again before it gives its thread back: most updates take no longer. */
const PATIENCE = 1550;

/**
 * The right to be the only update on this machine of what stands under a name of a directory, given in the order in which it
 * was asked for. It leaves no file behind, and is given up when the directory is closed, however the process ends.
 *
 * Linux has no exclusive lock on a part of a directory, only shared ones. So a ticket is drawn: a shared lock on the byte behind
 * the highest one that is locked in the name's range. The holder of the lowest has the right. Two never get the same ticket,
 * since tickets are drawn under a lock on the whole directory, held for that one call. No ticket below one's own can appear any
 * more, as one's own is there when the next is drawn.
 */
export class TicketLock {
  readonly #calls: LockCalls;
  /** Its open description is this lock's alone. */
  readonly #directory: OpenDirectory;
  readonly #begin: bigint;
  readonly #end: bigint;
  #ticket: bigint | undefined;

  constructor(calls: LockCalls, directory: OpenDirectory, name: Buffer) {
    this.#calls = calls;
    this.#directory = directory;
    this.#begin = FIRST_OFFSET | (hashOf(name) << TICKET_BITS);
    this.#end = this.#begin + (1n << TICKET_BITS);
  }

  /** @returns how many come first, those that have given up among them. 0: the lock is held. */
  *tryAcquire(): Steps<number> {
    this.#ticket ??= yield* this.#calls.drawTicket(this.#directory, this.#begin, this.#end, PATIENCE);
    // Another update is just drawing a ticket, or there are none left until this queue is empty.
    if (this.#ticket === undefined) return 1;
    // The first of the range has nothing before it.
    if (this.#ticket === this.#begin) return 0;
    return yield* this.#calls.position(this.#directory, this.#begin, this.#ticket, PATIENCE);
  }

  *release(): Steps<void> {
    if (this.#ticket === undefined) return;
    const ticket = this.#ticket;
    this.#ticket = undefined;
    yield* this.#calls.remove(this.#directory, ticket);
  }
}

/** FNV-1a, folded. Every version of this library must compute the same. */
function hashOf(name: Buffer): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of name) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffff_ffff_ffff_ffffn;
  return (hash ^ (hash >> NAME_BITS) ^ (hash >> (2n * NAME_BITS))) & ((1n << NAME_BITS) - 1n);
}
