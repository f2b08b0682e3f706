/**
 * Builds dist/: `npm run build`. It contains
 *
 * - the library, module by module,
 * - the declarations that users can reach,
 * - the command in one file, with the code of the packages that it uses,
 * - the implementations that `indelible bench` measures,
 * - the files of docs/ that the command uses, compressed.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { transformSync } from 'esbuild';
import { licenses } from './distribution/bundled-packages.js';
import { bundleCommand } from './distribution/command-bundle.js';
import { declarationEntries, reachableDeclarations } from './distribution/declarations.js';
import { projectRoot, run } from './run.js';

const dist = join(projectRoot, 'dist');

function compile(...args: string[]): Promise<string> {
  const compiler = join(projectRoot, 'node_modules/typescript/bin/tsc');
  return run(process.execPath, [compiler, ...args], { cwd: projectRoot });
}

rmSync(dist, { recursive: true, force: true });
await Promise.all([
  compile('-p', 'tsconfig.build.json', '--emitDeclarationOnly'),
  // Comments are of use in the declarations only. The other compilation checks the types.
  compile('-p', 'tsconfig.build.json', '--declaration', 'false', '--removeComments', '--noCheck'),
]);

await compile('-p', 'bench/contenders');

const { code, packages } = await bundleCommand(projectRoot);
const command = join(dist, 'cli/main.js');
mkdirSync(dirname(command));
writeFileSync(command, code);
chmodSync(command, 0o755);
writeFileSync(join(dist, 'cli/LICENSES.txt'), licenses(packages));

const reachable = reachableDeclarations(declarationEntries(projectRoot));
for (const entry of readdirSync(dist, { withFileTypes: true, recursive: true })) {
  const path = join(entry.parentPath, entry.name);
  if (path.endsWith('.d.ts') && !reachable.has(path)) rmSync(path);
  // Without white space, since the installed package has a limit in bytes.
  if (path.endsWith('.js') && path !== command) {
    const module = transformSync(readFileSync(path, 'utf8'), { minifyWhitespace: true, target: 'es2023' });
    writeFileSync(path, module.code);
  }
}

mkdirSync(join(dist, 'docs'));
for (const name of ['see-it-work.html', 'crash-results.json']) {
  writeFileSync(join(dist, 'docs', `${name}.br`), compress(readFileSync(join(projectRoot, 'docs', name))));
}

/** Compresses a text as far as brotli can. */
function compress(text: Buffer): Buffer {
  const params = {
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: text.length,
  };
  return brotliCompressSync(text, { params });
}
