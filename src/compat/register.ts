import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { delimiter, resolve, sep } from 'node:path';
import { invalidArgumentValue } from '../base/errors.js';
import type { Durability } from '../base/options.js';
import type { AbsolutePath } from '../base/path.js';
import { replacedFunctions } from './fs.js';

const DURABILITIES: readonly string[] = ['durable', 'ordered', 'none'] satisfies Durability[];

/**
 * Puts the functions of `indelible/fs` in the place of Node's, for all code of this thread: `node --import
 * indelible/register program.js`. Worker threads and programs started by `fork` get the option from Node.
 *
 * - `INDELIBLE_REGISTER_EXCLUDE` lists paths that are left to Node, with all that lies below them. It is separated
 *   like `PATH`. Links are not resolved.
 * - `INDELIBLE_REGISTER_DURABILITY` is the durability of a save without the option `flush`. Default `durable`.
 *
 * It does not reach `createWriteStream`, `appendFile`, descriptors, `FileHandle`s, and code that took the functions
 * before.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE` for another durability.
 */
export function register(): void {
  const { promises, ...functions } = replacedFunctions({
    durability: durabilityFromEnvironment(),
    isExcluded: excludedFromEnvironment(),
  });
  Object.assign(fs, functions);
  Object.assign(fs.promises, promises);
  syncBuiltinESMExports();
}

function durabilityFromEnvironment(): Durability {
  const { INDELIBLE_REGISTER_DURABILITY: value = '' } = process.env;
  if (value === '') return 'durable';
  if (DURABILITIES.includes(value)) return value as Durability;
  throw invalidArgumentValue('INDELIBLE_REGISTER_DURABILITY', "'durable', 'ordered' or 'none'", value);
}

function excludedFromEnvironment(): (path: AbsolutePath) => boolean {
  const { INDELIBLE_REGISTER_EXCLUDE: list = '' } = process.env;
  const excluded = list
    .split(delimiter)
    .filter((path) => path !== '')
    .map((path) => resolve(path));
  if (excluded.length === 0) return () => false;
  const withSeparator = excluded.map((path) => (path.endsWith(sep) ? path : path + sep));
  return (path) => {
    const absolute = resolve(path.toString()) + sep;
    return withSeparator.some((above) => absolute.startsWith(above));
  };
}
