import type { LabMount } from './mounts.js';
import type { Control, Scenario } from './scenario.js';

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

/**
 * What is expected: `scenarios` and `replacements` must hold, `controls` must be caught, `competitors`,
 * `originals` and `experiments` are reported.
 */
export type Role = keyof typeof TABLES;

export const ROLES = Object.keys(TABLES) as readonly Role[];

/** Whether a promise that a subject in this role breaks is a failure. */
export function mustHold(role: Role): boolean {
  return role === 'scenarios' || role === 'replacements';
}

/** The roles whose programs are not part of the project: `npm run test:applications` installs them. */
export const INSTALLED_ROLES: readonly Role[] = ['originals', 'replacements'];

/** A row of one of the tables. */
export interface Subject {
  name: string;
  role: Role;
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

/** @throws if the table of this role has no such row. */
export async function loadScenario({ role, name }: Pick<Subject, 'role' | 'name'>): Promise<Scenario> {
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
