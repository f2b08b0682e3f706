import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { Random } from '../lab/random.js';
import { start } from './installation.js';
import { storedIn } from './stored.js';
import { type Application, FORMS, type Form } from './table.js';

/** In each lane, one process after the other saves in one directory and is killed. */
const KILLS_PER_LANE = 50;
const LANES = 4;
/** How often each application is killed, in each form. */
export const KILLS = LANES * KILLS_PER_LANE;

/** From the first acknowledged save to the kill: time for some dozen saves. */
const LONGEST_LIFE_MS = 30;
/** The versions of one process; it is killed long before. */
const VERSIONS = 1_000_000;
/** How often the last process saves, which is not killed. */
const LAST_SAVES = 5;

/** A line that `programs/save-endlessly.mjs` prints: the application says that this version is saved. */
interface Acknowledged {
  name: string;
  file: string;
  version: number;
}

/** After how many of the kills each fault was found in the files of one application. */
export interface Damage {
  /** The file was missing, or was not whole. */
  unreadable: number;
  /** The file was older than the newest version that the application had acknowledged. */
  lost: number;
  /** How many files lay beside it in the end, after one more start. */
  leftovers: number;
}

/** By the names of the applications. */
type Found = Map<string, Damage>;

/** Kills processes with SIGKILL that save with all these applications, at random moments, in both forms. */
export async function killWhileSaving(
  applications: readonly Application[],
  scratch: string,
): Promise<Record<Form, Found>> {
  const found: Record<Form, Found> = { original: new Map(), replaced: new Map() };
  const lanes = FORMS.flatMap((form) =>
    Array.from({ length: LANES }, (_, lane) => new Lane(applications, form, scratch, lane, found[form])),
  );
  // All end before the scratch directory is removed, even if one fails.
  for (const ended of await Promise.allSettled(lanes.map((lane) => lane.run(KILLS_PER_LANE)))) {
    if (ended.status === 'rejected') throw ended.reason;
  }
  return found;
}

class Lane {
  readonly #applications: readonly Application[];
  readonly #form: Form;
  readonly #directory: string;
  readonly #random: Random;
  readonly #found: Found;
  /** The newest by application. */
  readonly #acknowledged = new Map<string, Acknowledged>();

  constructor(
    applications: readonly Application[],
    form: Form,
    scratch: string,
    number: number,
    found: Found,
  ) {
    this.#applications = applications;
    this.#form = form;
    this.#directory = join(scratch, `killed-${form}-${number}`);
    this.#random = new Random(number);
    this.#found = found;
    mkdirSync(this.#directory);
  }

  async run(kills: number): Promise<void> {
    for (let kill = 0; kill < kills; kill++) {
      await this.#save(kill * VERSIONS, VERSIONS, this.#random.next() * LONGEST_LIFE_MS);
      this.#look();
    }
    await this.#save(kills * VERSIONS, LAST_SAVES);
    for (const { name, file } of this.#acknowledged.values()) {
      this.#damageTo(name).leftovers += storedIn(file).leftovers.length;
    }
  }

  /** @param lifetime how long after its first save the process is killed; otherwise it ends by itself. */
  async #save(first: number, count: number, lifetime?: number): Promise<void> {
    const child = start({
      form: this.#form,
      applications: this.#applications,
      program: 'save-endlessly.mjs',
      args: [this.#directory, String(first), String(count), ...this.#applications.map(({ name }) => name)],
    });
    const [ended, complaints] = [once(child, 'close'), text(child.stderr)];
    let dying = lifetime === undefined;
    for await (const line of createInterface(child.stdout)) {
      const acknowledged = JSON.parse(line) as Acknowledged;
      this.#acknowledged.set(acknowledged.name, acknowledged);
      if (!dying) setTimeout(() => child.kill('SIGKILL'), lifetime);
      dying = true;
    }
    const [status, signal] = await ended;
    if (lifetime === undefined ? status !== 0 : signal !== 'SIGKILL') {
      throw new Error(`${this.#form}: the process ended with ${signal ?? status}: ${await complaints}`);
    }
  }

  #look(): void {
    for (const { name, file, version } of this.#acknowledged.values()) {
      const damage = this.#damageTo(name);
      const stored = storedIn(file);
      if (stored.version === undefined) {
        damage.unreadable += 1;
        // The application would not start with it again.
        rmSync(file, { force: true });
        this.#acknowledged.delete(name);
      } else if (stored.version < version) {
        damage.lost += 1;
      }
    }
  }

  #damageTo(name: string): Damage {
    const damage = this.#found.get(name) ?? { unreadable: 0, lost: 0, leftovers: 0 };
    this.#found.set(name, damage);
    return damage;
  }
}
