import { register } from 'node:module';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Contender } from '../contenders/contender.js';
import type { ContenderRow } from '../contenders/contenders.js';
import { packageRoot } from './package-files.js';

/** Outside the bundle: the table loads libraries from the user's project, and Node.js runs the hooks on a thread of their own. */
const TABLE = new URL('dist/bench/contenders/contenders.js', packageRoot);
const HOOKS = new URL('dist/bench/contenders/project-resolution.js', packageRoot);

/**
 * Loads the contenders of the table.
 *
 * @returns the contenders in the order of the table, and the packages that others need and that are not installed.
 */
export async function loadContenders(): Promise<{ contenders: Contender[]; missing: string[] }> {
  const { rows }: { rows: readonly ContenderRow[] } = await import(TABLE.href);
  return loadRows(rows);
}

/** Loads each row. One whose package is missing leaves out no other. */
export async function loadRows(
  rows: readonly ContenderRow[],
): Promise<{ contenders: Contender[]; missing: string[] }> {
  const contenders: Contender[] = [];
  const missing: string[] = [];
  for (const { load, ...description } of rows) {
    try {
      contenders.push({ ...description, save: await load() });
    } catch (error) {
      const name = missingPackage(error);
      if (name === undefined) throw error;
      missing.push(name);
    }
  }
  return { contenders, missing };
}

/**
 * Loads a contender of the user's own.
 *
 * @throws {TypeError} if the module's default export is none.
 */
export async function loadContender(path: string): Promise<Contender> {
  const module: { default?: unknown } = await import(pathToFileURL(resolve(path)).href);
  const found = module.default;
  if (typeof found !== 'object' || found === null || !('save' in found) || typeof found.save !== 'function') {
    throw new TypeError(
      `'${path}' is no contender: its default export must be an object with a function save`,
    );
  }
  return {
    name: basename(path).replace(/\.[^.]*$/, ''),
    description: path,
    durability: 'none',
    ...found,
    save: found.save.bind(found) as Contender['save'],
  };
}

/** Makes the table load libraries from the project that `project` lies in, where that has them. */
export function resolveFromProject(project: string): void {
  const data = { contenders: TABLE.href, project: pathToFileURL(resolve(project, 'package.json')).href };
  register(HOOKS, { data });
}

function missingPackage(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_MODULE_NOT_FOUND')
    return undefined;
  return /^Cannot find package '([^']+)'/.exec(error.message)?.[1];
}
