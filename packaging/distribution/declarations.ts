import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

interface Manifest {
  exports: Record<string, string | { types: string }>;
  imports: Record<string, string>;
}

/** The declarations of the modules in `exports` and `imports` of package.json. */
export function declarationEntries(root: string): string[] {
  const { exports, imports }: Manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const exported = Object.values(exports).flatMap((one) => (typeof one === 'string' ? [] : [one.types]));
  const own = Object.values(imports).map((path) => path.replace(/\.js$/, '.d.ts'));
  return [...exported, ...own].map((path) => join(root, path));
}

/**
 * The declarations that a compiler reads for a user of these: the entries, and their imports.
 *
 * @throws {Error} if one of them is missing.
 */
export function reachableDeclarations(entries: readonly string[]): Set<string> {
  const reached = new Set<string>();
  const visit = (path: string, importer: string) => {
    if (reached.has(path)) return;
    if (!existsSync(path)) throw new Error(`${importer} imports ${path}, which is missing`);
    reached.add(path);
    const { importedFiles } = ts.preProcessFile(readFileSync(path, 'utf8'));
    for (const { fileName } of importedFiles) {
      if (fileName.startsWith('.')) visit(join(dirname(path), fileName.replace(/\.js$/, '.d.ts')), path);
    }
  };
  for (const entry of entries) visit(entry, 'package.json');
  return reached;
}
