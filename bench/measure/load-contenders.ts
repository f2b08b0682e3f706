import { readdir } from 'node:fs/promises';
import { register } from 'node:module';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Contender } from '../contenders/contender.js';
import { packageRoot } from './package-root.js';

/** A module of its own, since Node.js runs it on a thread of its own. */
const RESOLUTION = new URL('dist/cli/bench/project-resolution.js', packageRoot);

/**
 * Loads every contender in the directory, in the order of their file names.
 *
 * @returns the contenders, and the packages that others would have needed and that cannot be found.
 */
export async function loadContenders(
  directory: URL,
): Promise<{ contenders: Contender[]; missing: string[] }> {
  const contenders: Contender[] = [];
  const missing: string[] = [];
  const files = (await readdir(directory)).filter((file) => file.endsWith('.js'));
  for (const file of files.sort()) {
    try {
      const module: { default: Contender } = await import(new URL(file, directory).href);
      contenders.push(module.default);
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

/** Has the contenders in `directory` find their libraries in the project that `project` is in, where there are any. */
export function resolveFromProject(directory: URL, project: string): void {
  const data = { contenders: directory.href, project: pathToFileURL(resolve(project, 'package.json')).href };
  register(RESOLUTION, { data });
}

function missingPackage(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_MODULE_NOT_FOUND')
    return undefined;
  return /^Cannot find package '([^']+)'/.exec(error.message)?.[1];
}
