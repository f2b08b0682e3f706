import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import type { Role, Subject } from './crash-test.js';
import type { Scenario } from './scenario.js';

export const ROLES: readonly Role[] = ['scenarios', 'controls', 'rivals', 'experiments'];

/** Loads every module of the three folders. */
export async function loadSubjects(): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const role of ROLES) {
    const folder = new URL(`./${role}/`, import.meta.url);
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.js'))) {
      const module = new URL(file, folder).href;
      const { default: scenario } = (await import(module)) as { default: Scenario };
      subjects.push({ name: basename(file, '.js'), role, module, scenario });
    }
  }
  return subjects;
}
