import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { build, type Plugin } from 'esbuild';

/** The library in one file. */
export interface LibraryBundle {
  /** `dist/index.cjs`. */
  code: string;
  /** The names that `src/index.ts` and `src/primitives.ts` export. */
  exported: Record<'index' | 'primitives', string[]>;
}

/**
 * The modules of the library that the other files of dist/ share with it are behind this property, by their path below
 * src/. It is a symbol, so that nobody takes it for a part of the API.
 */
export const PARTS = "Symbol.for('indelible.parts')";

/** Evaluated by the first call of one of their functions, with the modules of Node.js that only they need. */
const LOADED_BY_CALLS = ['src/api/save-stream.ts'];

/** Stack traces have the names of functions, and an uncaught error prints one line of the source. */
const READABLE = { minifySyntax: true, minifyWhitespace: true, lineLimit: 120 } as const;

/**
 * Bundles the library for dist/index.cjs.
 *
 * @param parts the modules that other files of dist/ use, such as `engine/select`.
 */
export async function bundleLibrary(root: string, parts: readonly string[]): Promise<LibraryBundle> {
  const exported = {
    index: await exportsOf(root, 'src/index.ts'),
    primitives: await exportsOf(root, 'src/primitives.ts'),
  };
  const lazy = new Map<string, string[]>();
  for (const path of LOADED_BY_CALLS) lazy.set(join(root, path), await exportsOf(root, path));
  const { outputFiles } = await build({
    absWorkingDir: root,
    stdin: { contents: entry(parts), resolveDir: root, sourcefile: 'index.js' },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    charset: 'utf8',
    legalComments: 'none',
    banner: { js: "'use strict';const thisFilename=typeof __filename=='string'?__filename:undefined;" },
    define: { 'import.meta.filename': 'thisFilename' },
    plugins: [loadedByCalls(lazy)],
    ...READABLE,
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('esbuild has bundled nothing');
  return { code: `${withBuiltins(file.text)}${forLexer(exported.index)}\n`, exported };
}

/** A plain object of values: a test can replace them, and a bundler sees no sign of a transpiled ES module. */
function entry(parts: readonly string[]): string {
  const imports = parts.map((path, index) => `import * as part${index} from './src/${path}.ts';`);
  const values = parts.map((path, index) => `'${path}': part${index}`);
  return `import * as api from './src/index.ts';
${imports.join('\n')}
module.exports = Object.defineProperty({ ...api }, ${PARTS}, { value: { ${values.join(', ')} } });`;
}

/** Node.js finds the names of a CommonJS module in its text, without running it (cjs-module-lexer). */
function forLexer(names: readonly string[]): string {
  return `0&&(module.exports={${names.join(',')}});`;
}

/**
 * A bundle in ES format has no `require`, so bundlers would replace those of Node's own modules by one that throws.
 */
function withBuiltins(code: string): string {
  return code.replace(/\brequire\((["'`]node:)/g, 'process.getBuiltinModule($1');
}

/** The names of the values that a module exports. */
async function exportsOf(root: string, path: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [path],
    outdir: 'dist',
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
  });
  const [output] = Object.values(metafile.outputs);
  if (output === undefined) throw new Error(`esbuild has bundled nothing of ${path}`);
  return output.exports.sort();
}

/** Replaces modules that export functions only by functions that load the module and call it. */
function loadedByCalls(modules: ReadonlyMap<string, readonly string[]>): Plugin {
  return {
    name: 'loaded by calls',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, kind }) => {
        const file = join(resolveDir, path.replace(/\.js$/, '.ts'));
        return kind === 'import-statement' && modules.has(file)
          ? { path: file, namespace: 'loaded-by-calls' }
          : undefined;
      });
      onLoad({ filter: /.*/, namespace: 'loaded-by-calls' }, ({ path }) => ({
        resolveDir: join(path, '..'),
        contents: (modules.get(path) ?? [])
          .filter((name) => readFileSync(path, 'utf8').includes(`export function ${name}(`))
          .map(
            (name) =>
              `export const ${name} = (...args) => require(${JSON.stringify(path)}).${name}(...args);`,
          )
          .join('\n'),
      }));
    },
  };
}

/** The path of a module below src/, without its extension. */
export function partOf(root: string, file: string): string | undefined {
  const path = relative(join(root, 'src'), file).split(sep).join('/');
  return path.startsWith('../') ? undefined : path.replace(/\.[jt]s$/, '');
}
