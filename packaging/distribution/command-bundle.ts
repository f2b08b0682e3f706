import { join, relative, sep } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { type BundledPackage, packageOf, packagesIn } from './bundled-packages.js';

/** The command in one file. */
export interface CommandBundle {
  code: Uint8Array;
  /** The project's own modules in the bundle, relative to the project's root. */
  modules: string[];
  /** The packages with code in the bundle, by name. */
  packages: BundledPackage[];
  /** Its imports at run time: Node's own modules, and modules of the library relative to the bundle. */
  imports: string[];
}

/** For commander, a CommonJS package that requires Node's own modules. An ES module has no `require`. */
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

/** Bundles src/cli/main.ts with the packages that it uses, for dist/cli/. */
export async function bundleCommand(root: string): Promise<CommandBundle> {
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
    plugins: [libraryBeside(root)],
  });
  const [file] = outputFiles;
  const [output] = Object.values(metafile.outputs);
  if (file === undefined || output === undefined) throw new Error('esbuild has bundled nothing');
  const inputs = Object.keys(output.inputs);
  return {
    code: file.contents,
    modules: inputs.filter((path) => packageOf(path) === undefined),
    packages: packagesIn(root, inputs),
    imports: output.imports.map(({ path }) => path),
  };
}

/** The folders whose modules are bundled. Everything else below src/ is the library. */
const BUNDLED = ['src/cli/', 'bench/measure/', 'bench/report/'];

/** Imports the library from the files beside the bundle, so that a process has one engine. */
function libraryBeside(root: string): Plugin {
  return {
    name: 'library beside the command',
    setup({ onResolve }) {
      onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir, importer }) => {
        if (packageOf(importer) !== undefined) return undefined;
        const imported = join(resolveDir, path);
        const fromRoot = relative(root, imported).split(sep).join('/');
        if (BUNDLED.some((folder) => fromRoot.startsWith(folder))) return undefined;
        if (!fromRoot.startsWith('src/')) return { errors: [{ text: `${fromRoot} is in no part of dist/` }] };
        return { path: relative(join(root, 'src/cli'), imported).split(sep).join('/'), external: true };
      });
    },
  };
}
