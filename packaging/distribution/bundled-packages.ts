import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package with code in a bundle. */
export interface BundledPackage {
  name: string;
  version: string;
  /** The text of its licence. Every copy of the code must include it. */
  license: string;
}

/** The folder of the package that a file belongs to. `undefined` for a file of this project. */
export function packageOf(path: string): string | undefined {
  return /^.*\bnode_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(path)?.[0];
}

/**
 * The packages that files belong to, by name.
 *
 * @param files relative to `root`.
 * @throws {Error} if a package has no licence file.
 */
export function packagesIn(root: string, files: readonly string[]): BundledPackage[] {
  const folders = new Set(files.map(packageOf).filter((folder) => folder !== undefined));
  return [...folders]
    .map((folder) => readPackage(join(root, folder)))
    .sort((a, b) => a.name.localeCompare(b.name));
}

function readPackage(folder: string): BundledPackage {
  const { name, version }: BundledPackage = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((one) => /^licen[cs]e(\.\w+)?$/i.test(one));
  if (file === undefined) throw new Error(`${name} has no licence file, so it must not be bundled`);
  return { name, version, license: readFileSync(join(folder, file), 'utf8').trim() };
}

/** The text of the file beside the bundle: the licences of the packages. */
export function licenses(packages: readonly BundledPackage[]): string {
  const parts = packages.map(({ name, version, license }) => `${name} ${version}\n\n${license}\n`);
  return ['The command, main.js, contains these packages.\n', ...parts].join(`\n${'-'.repeat(80)}\n\n`);
}
