import { join, relative, sep } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { minify } from 'rolldown/utils';
import { type BundledPackage, packageOf, packagesIn } from './bundled-packages.js';
import { moduleOf, partOf } from './library-bundle.js';

/** The command in one file. */
export interface CommandBundle {
  code: string;
  /** The project's own modules in the bundle, relative to the project's root. */
  modules: string[];
  /** The packages with code in the bundle, by name. */
  packages: BundledPackage[];
  /** Its imports at run time: Node's own modules, and the library relative to the bundle. */
  imports: string[];
  /** The modules of the library that it uses, such as `engine/select`. */
  parts: string[];
}

/** For the library, and for commander, a CommonJS package that requires Node's own modules. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** Bundles src/cli/main.ts with the packages that it uses, for dist/cli/. */
export async function bundleCommand(root: string): Promise<CommandBundle> {
  const parts = new Set<string>();
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/main.ts'],
    outdir: 'dist/cli',
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    charset: 'utf8',
    // The licences are in a file of their own.
    legalComments: 'none',
    banner: { js: REQUIRE },
    plugins: [libraryBeside(root, parts)],
  });
  const [file] = outputFiles;
  const [output] = Object.values(metafile.outputs);
  if (file === undefined || output === undefined) throw new Error('esbuild has bundled nothing');
  const inputs = Object.keys(output.inputs);
  // A second minifier, which knows other ways, saves 1.5 %.
  const smaller = await minify('main.js', file.text, { module: true });
  if (smaller.errors.length > 0) throw new Error(smaller.errors.map(({ message }) => message).join('\n'));
  return {
    code: smaller.code,
    modules: inputs.filter((path) => packageOf(path) === undefined),
    packages: packagesIn(root, inputs),
    imports: output.imports.map(({ path }) => path),
    parts: [...parts].sort(),
  };
}

/** The folders whose modules are bundled. Everything else below src/ is the library. */
const BUNDLED = ['src/cli/', 'bench/measure/', 'bench/report/'];

/** Takes the modules of the library from the file beside the bundle, so that a process has one engine. */
function libraryBeside(root: string, parts: Set<string>): Plugin {
  return {
    name: 'library beside the command',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^\.\.?\//, namespace: 'file' }, ({ path, resolveDir, importer }) => {
        if (packageOf(importer) !== undefined) return undefined;
        const imported = join(resolveDir, path);
        const fromRoot = relative(root, imported).split(sep).join('/');
        if (BUNDLED.some((folder) => fromRoot.startsWith(folder))) return undefined;
        const part = partOf(root, imported);
        if (part === undefined) return { errors: [{ text: `${fromRoot} is in no part of dist/` }] };
        parts.add(part);
        return { path: part, namespace: 'library' };
      });
      onResolve({ filter: /\.cjs$/, namespace: 'library' }, ({ path }) => ({
        path,
        external: true,
      }));
      onLoad({ filter: /.*/, namespace: 'library' }, ({ path }) => ({
        contents: `module.exports = ${moduleOf(path, '../')};`,
      }));
    },
  };
}
