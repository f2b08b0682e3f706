import { register } from 'node:module';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Contender } from '../contenders/contender.js';
import type { ContenderRow } from '../contenders/contenders.js';
import { packageRoot } from './package-files.js';

/** Compiled modules of their own, in the bundle too: libraries are resolved from here, by hooks on another thread. */
const COMPILED = new URL('dist/bench/contenders/', packageRoot);
const TABLE = new URL('contenders.js', COMPILED);
const HOOKS = new URL('project-resolution.js', COMPILED);

/** Their code is that of this package. */
const WITHOUT_VERSION: ReadonlySet<string> = new Set(['indelible', 'node']);

/** Implementations, and the packages that further ones need and that are not installed. */
export interface LoadedContenders {
  contenders: Contender[];
  missing: string[];
}

/** Loads the implementations that this package brings. */
export async function loadContenders(): Promise<LoadedContenders> {
  const table: typeof import('../contenders/contenders.js') = await import(TABLE.href);
  return loadRows(table.CONTENDERS, table.versionOf);
}

/**
 * Loads the implementations of a table, in its order. A missing package leaves out its own row only.
 *
 * @param versionOf the version of an npm library.
 */
export async function loadRows(
  rows: readonly ContenderRow[],
  versionOf: (library: string) => string | undefined,
): Promise<LoadedContenders> {
  const contenders: Contender[] = [];
  const missing: string[] = [];
  for (const { load, ...row } of rows) {
    try {
      const save = await load();
      const isLibrary = row.package !== undefined && !WITHOUT_VERSION.has(row.package);
      // Unknown is no version that was tested.
      const version = isLibrary ? { version: versionOf(row.package ?? '') ?? 'unknown' } : {};
      contenders.push({ ...row, ...version, save });
    } catch (error) {
      const name = missingPackage(error);
      if (name === undefined) throw error;
      missing.push(name);
    }
  }
  return { contenders, missing };
}

/**
 * Loads the user's own implementation.
 *
 * @throws {TypeError} if the module's default export has no function `save`.
 */
export async function loadContender(path: string): Promise<Contender> {
  const module: { default?: unknown } = await import(pathToFileURL(resolve(path)).href);
  const found = module.default;
  if (typeof found !== 'object' || found === null || !('save' in found) || typeof found.save !== 'function') {
    throw new TypeError(
      `'${path}' is not an implementation: its default export must be an object with a function save`,
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

/** From now on the implementations take their libraries from the project in the directory `project`, if it has them. */
export function resolveFromProject(project: string): void {
  const data = { contenders: COMPILED.href, project: pathToFileURL(resolve(project, 'package.json')).href };
  register(HOOKS, { data });
}

function missingPackage(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_MODULE_NOT_FOUND')
    return undefined;
  return /^Cannot find package '([^']+)'/.exec(error.message)?.[1];
}
