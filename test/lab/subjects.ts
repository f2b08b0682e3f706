import type { LabMount } from './mounts.js';
import type { Control, Scenario } from './scenario.js';
import { oneByOne } from './scenarios/workloads.js';

/**
 * The tables of subjects, by role. Each is loaded when it is needed: the initramfs of a virtual machine does
 * not contain the packages of the competitors.
 */
const TABLES = {
  scenarios: async () => (await import('./scenarios/table.js')).SCENARIOS,
  controls: async () => (await import('./scenarios/controls.js')).CONTROLS,
  competitors: async () => (await import('./scenarios/competitors.js')).COMPETITORS,
  experiments: async () => (await import('./scenarios/experiments.js')).EXPERIMENTS,
  originals: async () => (await import('./scenarios/applications.js')).ORIGINALS,
  replacements: async () => (await import('./scenarios/applications.js')).REPLACEMENTS,
} satisfies Record<string, () => Promise<Readonly<Record<string, Scenario>>>>;

type TableRole = keyof typeof TABLES;

/**
 * What is expected: `scenarios`, `replacements` and the `given` modules of `--save` must hold, `controls` must be
 * caught, `competitors`, `originals` and `experiments` are reported.
 */
export type Role = TableRole | 'given';

/** The roles that have a table. */
export const ROLES = Object.keys(TABLES) as readonly TableRole[];

/** Loads the tables of which a virtual machine has the programs. */
export async function loadGuestTables(): Promise<void> {
  await Promise.all([TABLES.scenarios(), TABLES.controls(), TABLES.experiments()]);
}

/** Whether a promise that a subject in this role breaks is a failure. */
export function mustHold(role: Role): boolean {
  return role === 'scenarios' || role === 'replacements' || role === 'given';
}

/** The roles whose programs are not part of the project: `npm run test:applications` installs them. */
export const INSTALLED_ROLES: readonly Role[] = ['originals', 'replacements'];

/** A row of one of the tables. */
export interface Subject {
  name: string;
  role: Role;
  /** The file of a given module. */
  module?: string;
  scenario: Scenario | Control;
}

export async function loadSubjects(): Promise<Subject[]> {
  const tables = await Promise.all(
    ROLES.map(async (role) =>
      Object.entries(await TABLES[role]()).map(([name, scenario]): Subject => ({ name, role, scenario })),
    ),
  );
  return tables.flat();
}

/**
 * A way to save that somebody else has written: a module as for `--contender` of `indelible bench`. It is judged by the
 * durability that it says it has.
 *
 * @throws {TypeError} if it has no function `save`.
 */
export async function loadGiven(module: string): Promise<Subject> {
  // Not in the initramfs of a virtual machine.
  const { loadContender } = await import('../../bench/measure/load-contenders.js');
  const { name, description, durability, save } = await loadContender(module);
  const scenario = oneByOne(description, async (path, content) => {
    await save(path, content);
    return { durability };
  });
  return { name, role: 'given', module, scenario };
}

/** @throws if the table of this role has no such row. */
export async function loadScenario({
  role,
  name,
  module,
}: Pick<Subject, 'role' | 'name' | 'module'>): Promise<Scenario> {
  if (role === 'given') return (await loadGiven(module ?? name)).scenario;
  const table: Readonly<Record<string, Scenario>> = await TABLES[role]();
  const scenario = table[name];
  if (scenario === undefined) throw new Error(`'${name}' is not one of the ${role}`);
  return scenario;
}

export interface RecordingOptions {
  mount: LabMount;
  subject: Subject;
  /** Whether dirty pages are written back and caches dropped repeatedly during the run. */
  pressure: boolean;
  seed: number;
}
