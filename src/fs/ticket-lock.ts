import type { LockCalls, OpenDirectory, TicketSearch } from './file-system-calls.js';
import type { Steps } from './steps.js';

/** The first offset of all tickets. A lock's offset has 63 bits; no directory's content extends so far. */
const FIRST_OFFSET = 1n << 62n;

/**
 * Each name has 2 ** 38 tickets. They start again from the first when the queue is empty. If ten thousand
 * updates a second always wait for each other, the tickets last for most of a year.
 */
const TICKET_BITS = 38n;

/** There are 2 ** 24 ranges of tickets. If two names share one, their updates only wait for each other. */
const NAME_BITS = 24n;

/** What comes before an update that waits. */
export interface Ahead {
  /** One of the locks that come first, which is usually another one when the queue has moved. */
  readonly lock: bigint;
  /** How many tickets there are from that lock to this update's. Some may have been given back. */
  readonly places: number;
}

/**
 * A lock on a name in a directory, granted in the order of the requests. On the directory itself it keeps out
 * all other updates on this machine, and leaves no file behind; on the directory's lock file, those of all
 * machines that see its locks. It is released when the directory or file is closed, also if the process is
 * killed.
 *
 * Each update draws a ticket: a lock on the byte after the highest locked byte in the name's range. The owner
 * of the lowest ticket holds the lock. No two updates get the same ticket. No lower ticket can appear later,
 * because a new ticket is always behind every existing one.
 *
 * On a directory Linux has only shared locks. So tickets are drawn under a lock on the whole directory, which
 * is held for that one call. On a lock file each is exclusive, and counts only if there is none behind it
 * once it is locked: of two that are drawn together, the lower one is given back.
 */
export class TicketLock {
  readonly #calls: LockCalls;
  /** Or a lock file. No other lock uses this open file description. */
  readonly #directory: OpenDirectory;
  readonly #begin: bigint;
  readonly #end: bigint;
  #ticket: bigint | undefined;
  #search: TicketSearch;

  constructor(calls: LockCalls, directory: OpenDirectory, name: Buffer) {
    this.#calls = calls;
    this.#directory = directory;
    this.#begin = FIRST_OFFSET | (hashOf(name) << TICKET_BITS);
    this.#end = this.#begin + (1n << TICKET_BITS);
    this.#search = this.#unlocked();
  }

  /** @returns `undefined` if the lock is acquired. If not, try again later. */
  *tryAcquire(): Steps<Ahead | undefined> {
    if (this.#ticket === undefined) {
      const { ticket, ...search } = yield* this.#calls.drawTicket(this.#directory, this.#search, this.#end);
      // No tickets are left until the queue is empty.
      this.#search = search.low < this.#end ? search : this.#unlocked();
      if (ticket === undefined) return { lock: search.low, places: 1 };
      this.#ticket = ticket;
    }
    // No ticket precedes the first of the range.
    if (this.#ticket === this.#begin) return undefined;
    const lock = yield* this.#calls.ahead(this.#directory, this.#begin, this.#ticket);
    return lock === undefined ? undefined : { lock, places: Number(this.#ticket - lock) };
  }

  /** The range is usually empty. */
  #unlocked(): TicketSearch {
    return { low: this.#begin, high: this.#begin };
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
