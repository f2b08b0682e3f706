import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import type { CrashTest, CrashTestResult } from './crash-test.js';
import { labelOf, recoveriesOf } from './mounts.js';
import type { Role } from './subjects.js';

/** What must be the same in a run that goes on where another was stopped. */
export interface RunConditions {
  commit: string;
  kernel: string;
  node: string;
  states: number;
  guestStates: number;
}

/** What is kept of a test with a seed, whose names stand for its subject and its mount. */
interface Kept {
  name: string;
  role: Role;
  on: string;
  seed: number;
  /** In the order of `recoveriesOf`. */
  results: readonly Omit<CrashTestResult, 'subject' | 'mount'>[];
}

/** A file of results, one in a line, to which a run adds each as soon as it has it. */
export class KeptResults {
  readonly #path: string;
  readonly #kept = new Map<string, Kept>();

  /** @throws if the file is of a run under other conditions. */
  constructor(path: string, conditions: RunConditions) {
    this.#path = path;
    const head = JSON.stringify(conditions);
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    // The run may have been killed while it wrote a line.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole === '') {
      writeFileSync(path, `${head}\n`, { flush: true });
      return;
    }
    truncateSync(path, Buffer.byteLength(whole));
    const [first = '', ...lines] = whole.trimEnd().split('\n');
    if (first !== head) throw new Error(`${path} is of another run: ${first}, and this one is ${head}`);
    for (const line of lines) {
      const kept: Kept = JSON.parse(line);
      this.#kept.set(keyOf(kept), kept);
    }
  }

  /** The results that this file has of a test with a seed. */
  resultsOf(test: CrashTest, seed: number): CrashTestResult[] | undefined {
    const kept = this.#kept.get(keyOf({ ...namesOf(test), seed }));
    const mounts = recoveriesOf(test.mount);
    return kept?.results.flatMap((counts, index) => {
      const mount = mounts[index];
      return mount === undefined ? [] : { ...counts, subject: test.subject, mount };
    });
  }

  keep(test: CrashTest, seed: number, results: readonly CrashTestResult[]): void {
    const counts = results.map(({ subject: _subject, mount: _mount, ...rest }) => rest);
    const kept: Kept = { ...namesOf(test), seed, results: counts };
    appendFileSync(this.#path, `${JSON.stringify(kept)}\n`, { flush: true });
  }
}

function namesOf({ subject: { name, role }, mount }: CrashTest): Pick<Kept, 'name' | 'role' | 'on'> {
  return { name, role, on: labelOf(mount) };
}

function keyOf({ name, role, on, seed }: Pick<Kept, 'name' | 'role' | 'on' | 'seed'>): string {
  return JSON.stringify([role, name, on, seed]);
}
