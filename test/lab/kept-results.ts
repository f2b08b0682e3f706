import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import type { CrashTest, CrashTestResult } from './crash-test.js';
import { labelOf } from './mounts.js';
import type { Role } from './subjects.js';

/** What must be the same in a run that goes on where another was stopped. */
export interface RunConditions {
  commit: string;
  kernel: string;
  node: string;
  states: number;
}

/** A result as it is kept: its subject and its mount by their names. */
type Kept = Omit<CrashTestResult, 'subject' | 'mount'> & {
  name: string;
  role: Role;
  on: string;
  seed: number;
};

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

  /** The result that this file has of a test with a seed. */
  resultOf(test: CrashTest, seed: number): CrashTestResult | undefined {
    const kept = this.#kept.get(keyOf({ ...namesOf(test), seed }));
    if (kept === undefined) return undefined;
    const { name: _name, role: _role, on: _on, seed: _seed, ...counts } = kept;
    return { ...test, ...counts };
  }

  keep({ subject, mount, ...counts }: CrashTestResult, seed: number): void {
    const kept: Kept = { ...namesOf({ subject, mount }), seed, ...counts };
    appendFileSync(this.#path, `${JSON.stringify(kept)}\n`, { flush: true });
  }
}

function namesOf({ subject: { name, role }, mount }: CrashTest): Pick<Kept, 'name' | 'role' | 'on'> {
  return { name, role, on: labelOf(mount) };
}

function keyOf({ name, role, on, seed }: Pick<Kept, 'name' | 'role' | 'on' | 'seed'>): string {
  return JSON.stringify([role, name, on, seed]);
}
