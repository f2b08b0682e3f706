/**
 * Builds dist/: `npm run build`. It contains
 *
 * - the library as CommonJS, what only some calls need in files of its own, and ES modules that export its names,
 * - the declarations that users can reach, in one file for both formats,
 * - the command in one file, with the code of the packages that it uses,
 * - the implementations that `indelible bench` measures,
 * - the files of docs/ that the command uses, and the sources of the addon, compressed.
 */
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { transformSync } from 'esbuild';
import type { CrashResults } from '../bench/measure/guarantee.js';
import { licenses } from './distribution/bundled-packages.js';
import { bundleCommand } from './distribution/command-bundle.js';
import { withoutCategories, withoutComments, withoutIndentation } from './distribution/comments.js';
import { bundleDeclarations, exportedNames } from './distribution/declarations.js';
import { commonJsEntry, declarationsOf, ENTRIES, moduleEntry } from './distribution/entries.js';
import { bundleLibrary, moduleOf } from './distribution/library-bundle.js';
import { projectRoot, run } from './run.js';
import { confirmedResults } from './tested-code.js';

const dist = join(projectRoot, 'dist');
const declarations = join(projectRoot, 'build/declarations');

function compile(...args: string[]): Promise<string> {
  const compiler = join(projectRoot, 'node_modules/typescript/bin/tsc');
  return run(process.execPath, [compiler, ...args], { cwd: projectRoot });
}

function write(name: string, content: string | Uint8Array) {
  const path = join(dist, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

for (const directory of [dist, declarations]) rmSync(directory, { recursive: true, force: true });
const [command] = await Promise.all([
  bundleCommand(projectRoot),
  compile('-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', declarations),
]);
const { files, namesOf } = await bundleLibrary(projectRoot, [...command.parts, 'api/portable-save']);
for (const [name, code] of files) write(name, code);
for (const entry of ENTRIES) {
  const names = namesOf(entry.module);
  write(`${entry.name}.cjs`, commonJsEntry(entry, moduleOf(entry.module), names));
  write(`${entry.name}.js`, moduleEntry(entry, names));
}
write(
  'portable-save.js',
  `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
export const { savePortably } = ${moduleOf('api/portable-save')};
`,
);

const types = exportedNames(bundleDeclarations(join(declarations, 'index.d.ts')));
for (const entry of ENTRIES) {
  const others = entry.name === 'index' ? undefined : { './index.cjs': types };
  const { commonJs, module } = declarationsOf(entry, () =>
    bundleDeclarations(join(declarations, `${entry.module}.d.ts`), others),
  );
  write(`${entry.name}.d.cts`, withoutIndentation(withoutCategories(commonJs)));
  write(`${entry.name}.d.ts`, module);
}

await compile('-p', 'bench/contenders');
const contenders = join(dist, 'bench/contenders');
for (const name of readdirSync(contenders)) {
  const path = join(contenders, name);
  // The type of the implementations that users write is of use to them.
  if (name === 'contender.d.ts') write('contender.d.cts', bundleDeclarations(path));
  if (!name.endsWith('.js') || name === 'contender.js') {
    rmSync(path);
    continue;
  }
  const module = transformSync(readFileSync(path, 'utf8'), { minify: true, target: 'es2023' });
  writeFileSync(path, module.code);
}

write('cli/main.js', command.code);
chmodSync(join(dist, 'cli/main.js'), 0o755);
write('cli/LICENSES.txt', licenses(command.packages));

const page = 'see-it-work.html';
write(`docs/${page}.br`, compress(readFileSync(join(projectRoot, 'docs', page))));
const crashed: CrashResults = JSON.parse(readFileSync(join(projectRoot, 'docs/crash-results.json'), 'utf8'));
write(
  'docs/crash-results.json.br',
  compress(Buffer.from(JSON.stringify(confirmedResults(crashed, projectRoot)))),
);

const sources = ['binding.gyp', ...filesBelow('native')].filter((name) => /\.(gyp|cc|h)$/.test(name));
const texts = sources.map((name) => [name, withoutComments(readFileSync(join(projectRoot, name), 'utf8'))]);
write('native.json.br', compress(Buffer.from(JSON.stringify(Object.fromEntries(texts)))));

function filesBelow(directory: string): string[] {
  const names = readdirSync(join(projectRoot, directory), { recursive: true, encoding: 'utf8' });
  return names.map((name) => `${directory}/${name.replaceAll('\\', '/')}`).sort();
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
