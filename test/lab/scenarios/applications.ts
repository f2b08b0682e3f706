import { existsSync } from 'node:fs';
import { join, parse } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PROJECT_ROOT } from '../project-root.js';
import type { Scenario } from '../scenario.js';
import { oneByOne } from './workloads.js';

/** Installed by `npm run test:applications`: as they are in the registry, or with this package as their writer. */
type Form = 'original' | 'replaced';

/** The part of `test/applications/programs` that is used here. */
interface Program {
  /** Saves a text, and nothing else, as the whole file `name`. */
  saveText(directory: string, name: string, text: string): void | Promise<void>;
}

const PROGRAMS = ['conf', 'lowdb'];

/** Programs that save with another library. */
export const ORIGINALS: Readonly<Record<string, Scenario>> = Object.fromEntries(
  PROGRAMS.map((name) => [name, program(name, 'original')]),
);

/** The same programs, which save with this package. */
export const REPLACEMENTS: Readonly<Record<string, Scenario>> = Object.fromEntries(
  PROGRAMS.map((name) => [`${name}-replaced`, program(name, 'replaced')]),
);

/** None of them says what a resolved promise means, so it is taken as the promise of durability. */
function program(name: string, form: Form): Scenario {
  const title = form === 'original' ? name : `${name} over this library`;
  const scenario = oneByOne(title, async (path, content) => {
    const { saveText } = await load(name, form);
    const { dir, base } = parse(path);
    await saveText(dir, base, content.toString('latin1'));
    return { durability: 'durable' };
  });
  // The installed copy of the library has saved nothing when the recording begins.
  return { ...scenario, firstSaves: true, namedTemporaries: true };
}

async function load(name: string, form: Form): Promise<Program> {
  const file = join(PROJECT_ROOT, `build/applications/${form}/programs/${name}.mjs`);
  if (!existsSync(file)) throw new Error(`${file} is missing: npm run test:applications installs it`);
  return (await import(pathToFileURL(file).href)) as Program;
}
