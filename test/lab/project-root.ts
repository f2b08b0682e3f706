import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The folder of package.json. The lab runs as TypeScript (under vitest) and compiled (below build/), and
 * finds its shell and C sources and its reports from here.
 */
export const PROJECT_ROOT = findUpwards(dirname(fileURLToPath(import.meta.url)));

function findUpwards(directory: string): string {
  if (existsSync(join(directory, 'package.json'))) return directory;
  const parent = dirname(directory);
  if (parent === directory) throw new Error('no package.json above the lab');
  return findUpwards(parent);
}
