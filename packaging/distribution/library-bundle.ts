import { readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { minify } from 'rolldown/utils';
import ts from 'typescript';
import { ENTRIES } from './entries.js';

/** The library, as files of dist/. */
export interface LibraryBundle {
  /** By their names. `library.cjs` is the library, and loads the others. */
  files: Map<string, string>;
  /** The modules in each file, below src/. */
  modules: Map<string, string[]>;
  /** The names that a module exports. */
  namesOf: Names;
}

/** What every save needs. It exports its modules by their paths, and functions that load the other files. */
const LIBRARY = 'library';

/** What some calls need, and the modules that other files of dist/ use. */
const MORE = 'more';

/** What takes the place of other packages. */
const COMPAT = 'compat';

/** The expression for a module of the library, in a file of dist/. `up` is the way from there to dist/. */
export function moduleOf(part: string, up = './'): string {
  const file = part.startsWith('compat/') ? COMPAT : MORE;
  return `require('${up}${LIBRARY}.cjs')${part === 'index' ? '' : `.${file}()`}['${part}']`;
}

const COMPAT_MODULES = ENTRIES.map(({ module }) => module).filter((module) => module.startsWith('compat/'));

/**
 * Modules of which only functions are used. The first call of one of them loads the file. To compile what a program never uses
 * would be the larger part of the cost of loading the library.
 */
const LOADED_BY_CALLS: Readonly<Record<string, readonly string[]>> = {
  [MORE]: [
    'api/exchange',
    'api/inspect',
    'api/open-temporary',
    'api/rename-exclusive',
    'api/replace-directory',
    'api/replace-symlink',
    'api/sweep',
    'api/update',
    'engine/portable/selection',
  ],
  // With the streams of Node.js.
  stream: ['api/save-stream'],
  [COMPAT]: COMPAT_MODULES,
};

/**
 * Bundles the library.
 *
 * @param parts the modules that other files of dist/ use, such as `engine/select`.
 */
export async function bundleLibrary(root: string, parts: readonly string[]): Promise<LibraryBundle> {
  const { version }: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const stubs = loadedByCalls(root);
  const core = modulesIn(await bundle(root, importing(['index']), [stubs]));
  const all = [
    ...new Set([...core, 'index', 'primitives', ...Object.values(LOADED_BY_CALLS).flat(), ...parts]),
  ];
  const names = await exportsOf(root, all);
  const shared = sharedWith(root, core, names);
  const files = new Map<string, string>();
  const modules = new Map<string, string[]>();
  for (const [file, own] of Object.entries({ [LIBRARY]: core, ...LOADED_BY_CALLS })) {
    const exports = [...new Set([...own, ...(file === MORE ? ['primitives', ...parts] : [])])];
    const bundled =
      file === LIBRARY
        ? await bundle(root, library(core, names), [stubs])
        : await bundle(root, exporting(exports, names), [shared]);
    const code = withBuiltins(bundled.code);
    files.set(`${file}.cjs`, `${HEAD}${file === LIBRARY ? code : asFunction(code, version)}`);
    modules.set(`${file}.cjs`, modulesIn(bundled));
  }
  return { files, modules, namesOf: names };
}

/** The path of a module below src/, without its extension. */
export function partOf(root: string, file: string): string | undefined {
  const path = relative(join(root, 'src'), file).split(sep).join('/');
  return path.startsWith('../') ? undefined : path.replace(/\.[jt]s$/, '');
}

/** A line is broken after so many characters. */
const LINE = 80;

interface Bundled {
  code: string;
  metafile: Metafile;
}

async function bundle(root: string, contents: string, plugins: Plugin[]): Promise<Bundled> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    stdin: { contents, resolveDir: join(root, 'src'), sourcefile: 'entry.js' },
    outfile: 'library.js',
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    charset: 'utf8',
    legalComments: 'none',
    minifySyntax: true,
    minifyWhitespace: true,
    define: { 'import.meta.filename': 'thisFilename' },
    plugins,
  });
  const [file] = outputFiles ?? [];
  if (file === undefined || metafile === undefined) throw new Error('esbuild has bundled nothing');
  return { code: inLines(await withShortNames(file.text)), metafile };
}

/** Stands for the `#` of a private name. */
const PRIVATE = 'private$';

/**
 * Renames variables and parameters. Functions, classes and their members keep their names, because stack traces are made
 * of them.
 */
async function withShortNames(code: string): Promise<string> {
  // The minifier would rename private members, and has no option against that.
  const source = ts.createSourceFile('library.js', code, ts.ScriptTarget.Latest);
  const places: number[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isPrivateIdentifier(node)) places.push(node.getStart(source));
    ts.forEachChild(node, visit);
  };
  visit(source);
  const parts = [0, ...places].map((place, index) => code.slice(index === 0 ? 0 : place + 1, places[index]));
  const mangled = await minify('library.cjs', parts.join(` ${PRIVATE}`), {
    compress: false,
    mangle: { toplevel: true, keepNames: true },
  });
  if (mangled.errors.length > 0) throw new Error(mangled.errors.map(({ message }) => message).join('\n'));
  return mangled.code.replaceAll(PRIVATE, '#');
}

/**
 * Breaks lines between statements and between the members of classes, since a stack trace names a line, and an uncaught
 * error prints it. esbuild's own limit also breaks strings, which Rollup would indent.
 */
function inLines(code: string): string {
  const places: number[] = [];
  const visit = (node: ts.Node) => {
    const { parent } = node;
    const breakable =
      parent !== undefined &&
      (ts.isSourceFile(parent) ||
        ts.isBlock(parent) ||
        ts.isClassElement(node) ||
        ts.isPropertyAssignment(node));
    if (breakable) places.push(node.getStart());
    ts.forEachChild(node, visit);
  };
  const source = ts.createSourceFile('library.js', code, ts.ScriptTarget.Latest, true);
  source.statements.forEach(visit);
  let text = '';
  let line = 0;
  let last = 0;
  for (const [index, place] of [...places, code.length].sort((a, b) => a - b).entries()) {
    const next = code.slice(last, place);
    last = place;
    const column = line + next.length;
    text += next;
    line = next.includes('\n') ? next.length - next.lastIndexOf('\n') : column;
    if (line > LINE && index < places.length) {
      text += '\n';
      line = 0;
    }
  }
  return text;
}

function importing(modules: readonly string[]): string {
  return modules.map((path, index) => `import * as part${index} from './${path}.js';`).join('\n');
}

function exporting(modules: readonly string[], names: Names): string {
  return `${importing(modules)}\nmodule.exports = ${objectOf(modules, names)};`;
}

/** `parts` are known to the functions that load the other files, which use them. */
function library(modules: readonly string[], names: Names): string {
  const files = Object.keys(LOADED_BY_CALLS);
  return `${importing(modules)}
import { ${[...files, 'parts'].join(', ')} } from '${FILES}';
module.exports = Object.assign(parts, ${objectOf(modules, names)}, { ${files.join(', ')} });`;
}

const FILES = 'files-of-the-library';

/**
 * Each file is a function of the library's modules. It does not `require` the library, because some bundlers run all
 * that is required first, and cannot do that in a circle.
 */
function loadingFiles(): string {
  const loaders = Object.keys(LOADED_BY_CALLS).map(
    (file) =>
      `let ${file}Parts; export const ${file} = () => (${file}Parts ??= require('./${file}.cjs')(parts));`,
  );
  return `export const parts = {};\n${loaders.join('\n')}`;
}

/** The package may have been replaced while a program runs that has loaded the library. */
function asFunction(code: string, version: string): string {
  const message =
    'indelible was replaced by another version while this program runs. Start the program again.';
  return `module.exports=library=>{
if(library['base/version'].version!=='${version}')throw new Error('${message}');
const module={exports:{}};
${code}return module.exports};
`;
}

/** Plain objects of values: a test can replace them, and a bundler sees no sign of a transpiled ES module. */
function objectOf(modules: readonly string[], names: Names): string {
  const parts = modules.flatMap((path, index) => {
    const values = names(path).map((name) => `${name}: part${index}.${name}`);
    return values.length > 0 ? [`'${path}': { ${values.join(', ')} }`] : [];
  });
  return `{ ${parts.join(', ')} }`;
}

/** The names of the values that a module exports. */
type Names = (module: string) => string[];

async function exportsOf(root: string, modules: readonly string[]): Promise<Names> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: modules.map((module) => `src/${module}.ts`),
    outdir: '.',
    outbase: 'src',
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
  });
  return (module) => metafile.outputs[`${module}.js`]?.exports.sort() ?? [];
}

/** The modules below src/ in a bundle. */
function modulesIn({ metafile }: Bundled): string[] {
  return Object.keys(metafile.inputs).flatMap((path) => /^src\/(.*)\.ts$/.exec(path)?.[1] ?? []);
}

/**
 * A bundle in ES format has no `__filename` and no `require`, and bundlers replace `require` of Node's own modules by one
 * that throws. `require` is preferred where the module has one, so that a test can mock the module (`jest.mock`).
 */
const HEAD = `'use strict';const thisFilename=typeof __filename=='string'?__filename:undefined;
const thisModule=module,builtin=name=>thisModule.require?thisModule.require(name):process.getBuiltinModule(name);
`;

function withBuiltins(code: string): string {
  return code.replace(/\brequire\((["'`]node:)/g, 'builtin($1');
}

/** Replaces the modules that are loaded by calls by functions that load their file and call it. */
function loadedByCalls(root: string): Plugin {
  const fileOf = new Map(
    Object.entries(LOADED_BY_CALLS).flatMap(([file, modules]) => modules.map((module) => [module, file])),
  );
  return replacing(root, 'loaded by calls', new Set(fileOf.keys()), (module) => {
    const file = fileOf.get(module);
    return `import { ${file} } from '${FILES}';\n${functionsOf(root, module)
      .map((name) => `export function ${name}(...args) { return ${file}()['${module}'].${name}(...args); }`)
      .join('\n')}`;
  });
}

function functionsOf(root: string, module: string): string[] {
  const source = readFileSync(join(root, `src/${module}.ts`), 'utf8');
  const names = [...source.matchAll(/^export (?:async )?function (\w+)/gm)].map(([, name = '']) => name);
  return [...new Set(names)];
}

/** Takes modules from `library.cjs`, so that there is one instance of each. */
function sharedWith(root: string, modules: readonly string[], names: Names): Plugin {
  return replacing(root, 'shared with the library', new Set(modules), (module) => {
    // A call that esbuild leaves out where the name is not used.
    const values = names(module).map((name) => `export const ${name} = /* @__PURE__ */ take('${name}');`);
    return `const part = library['${module}'];
const take = (name) => part[name];
${values.join('\n')}`;
  });
}

function replacing(
  root: string,
  name: string,
  modules: ReadonlySet<string>,
  replacement: (module: string) => string,
): Plugin {
  return {
    name,
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /\.cjs$/ }, ({ path }) => ({ path, external: true }));
      onResolve({ filter: new RegExp(`^${FILES}$`) }, ({ path }) => ({ path, namespace: FILES }));
      onLoad({ filter: /.*/, namespace: FILES }, () => ({ contents: loadingFiles() }));
      onResolve({ filter: /^\.\.?\/.*\.js$/ }, ({ path, resolveDir }) => {
        const module = partOf(root, join(resolveDir, path));
        return module !== undefined && modules.has(module) ? { path: module, namespace: name } : undefined;
      });
      onLoad({ filter: /.*/, namespace: name }, ({ path }) => ({
        contents: replacement(path),
        resolveDir: dirname(join(root, 'src', path)),
      }));
    },
  };
}
