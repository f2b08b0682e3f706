import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package of which there is code in a bundle. */
export interface BundledPackage {
  name: string;
  version: string;
  /** The text of its licence, which a copy has to come with. */
  license: string;
}

/** The folder of the package that a file belongs to; `undefined` for the project's own. */
export function packageOf(path: string): string | undefined {
  return /^.*\bnode_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(path)?.[0];
}

/**
 * The packages that files belong to, by name.
 *
 * @param files relative to `root`.
 * @throws {Error} if one brings no licence.
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
  if (file === undefined) throw new Error(`${name} brings no licence, and must not be bundled without it`);
  return { name, version, license: readFileSync(join(folder, file), 'utf8').trim() };
}

/** The licences of the packages, for a file beside the bundle. */
export function licenses(packages: readonly BundledPackage[]): string {
  const parts = packages.map(({ name, version, license }) => `${name} ${version}\n\n${license}\n`);
  return ['The command, main.js, has these packages in it.\n', ...parts].join(`\n${'-'.repeat(80)}\n\n`);
}
