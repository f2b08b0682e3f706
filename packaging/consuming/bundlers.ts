import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Checks, expect } from '../checks.js';
import { versionOf } from './test-runners.js';
import { printedBy, toolFile, type Workplace } from './workplace.js';

/** Uses what is loaded at once, and what only some calls load. */
const APP = `
import { createSaveStream, inspectSync, saveSync } from 'indelible';
import { readFileSync, writeFileSync } from 'indelible/fs';
import { fsyncSync } from 'indelible/primitives';
import writeFileAtomic, { sync } from 'indelible/write-file-atomic';
saveSync(process.argv[2], 'text');
writeFileSync(process.argv[2], 'more');
if (readFileSync(process.argv[2], 'utf8') !== 'more' || sync !== writeFileAtomic.sync) throw new Error('no drop-in');
inspectSync('.');
if (typeof fsyncSync !== 'function') throw new Error('no primitives');
createSaveStream(process.argv[2]).on('finish', () => console.log('saved')).end('text');
`;

type Format = 'esm' | 'cjs';

interface Bundler {
  name: string;
  /** Prints warnings. */
  bundle(project: Workplace, format: Format, outfile: string): string;
}

const BUNDLERS: readonly Bundler[] = [
  {
    name: 'esbuild',
    bundle: (project, format, outfile) =>
      printedBy(
        toolFile('esbuild/bin/esbuild'),
        [
          'app.js',
          '--bundle',
          '--platform=node',
          `--format=${format}`,
          '--log-level=warning',
          `--outfile=${outfile}`,
        ],
        project.directory,
      ),
  },
  {
    name: 'webpack',
    bundle: (project, format, outfile) =>
      script(
        project,
        `import webpack from ${at('webpack/lib/index.js')};
const stats = await new Promise((resolve, reject) => webpack({
  mode: 'production', target: 'node20', context: process.cwd(), entry: './app.js',
  experiments: { outputModule: ${format === 'esm'} },
  output: {
    path: ${text(dirname(outfile))}, filename: ${text(outfile.slice(dirname(outfile).length + 1))},
    library: { type: '${format === 'esm' ? 'module' : 'commonjs2'}' }, chunkFormat: '${format === 'esm' ? 'module' : 'commonjs'}',
  },
}, (error, result) => error ? reject(error) : resolve(result)));
process.stdout.write(stats.toString({ all: false, warnings: true, errors: true }));`,
      ),
  },
  {
    name: 'rollup',
    bundle: (project, format, outfile) =>
      script(
        project,
        `import { rollup } from ${at('rollup/dist/es/rollup.js')};
import resolve from ${at('@rollup/plugin-node-resolve/dist/es/index.js')};
import commonjs from ${at('@rollup/plugin-commonjs/dist/es/index.js')};
const plugins = [resolve({ preferBuiltins: true, exportConditions: ['node'] }), commonjs()];
const bundle = await rollup({ input: 'app.js', plugins, onwarn: ({ message }) => console.log(message) });
await bundle.write({ file: ${text(outfile)}, format: '${format}', inlineDynamicImports: true });`,
      ),
  },
  {
    name: 'vite',
    bundle: (project, format, outfile) =>
      script(
        project,
        `import { build } from ${at('vite/dist/node/index.js')};
await build({
  configFile: false, logLevel: 'warn', ssr: { noExternal: true },
  build: {
    ssr: 'app.js', outDir: ${text(dirname(outfile))}, emptyOutDir: false, target: 'node20',
    rollupOptions: { output: { format: '${format}', entryFileNames: ${text(outfile.slice(dirname(outfile).length + 1))} } },
  },
});`,
      ),
  },
];

function text(value: string): string {
  return JSON.stringify(value);
}

function at(file: string): string {
  return text(toolFile(file));
}

function script(project: Workplace, code: string): string {
  project.write('bundling.mjs', code);
  return printedBy(process.execPath, ['bundling.mjs'], project.directory);
}

/** Bundles a program with the package, beside the installed package and alone. */
export async function checkBundlers(checks: Checks, project: Workplace, scratch: string) {
  project.write('app.js', APP);
  for (const { name, bundle } of BUNDLERS) {
    for (const format of ['esm', 'cjs'] as const) {
      const file = format === 'esm' ? 'bundle.mjs' : 'bundle.cjs';
      const built = join(project.directory, 'built', name, file);
      // Not where it is started: a server is started by another program, from anywhere.
      const run = (program: string, engine: string) =>
        printedBy(process.execPath, [program, join(scratch, 'file')], scratch, { INDELIBLE_ENGINE: engine });
      await checks.run(`a bundle of ${name}, ${format}: finds the addon of the installed package`, () => {
        mkdirSync(dirname(built), { recursive: true });
        const warnings = bundle(project, format, built);
        expect(warnings === '', warnings);
        expect(readdirSync(dirname(built)).includes(file), `no ${file}`);
        const printed = run(built, 'native');
        expect(printed === 'saved\n', printed);
        return versionOf(name);
      });
      await checks.run(`a bundle of ${name}, ${format}, alone: the portable engine is used`, () => {
        const alone = join(scratch, 'alone', name, file);
        cpSync(built, alone);
        const printed = run(alone, '');
        expect(printed === 'saved\n', printed);
        let refused = '';
        try {
          run(alone, 'native');
        } catch (error) {
          refused = String(error);
        }
        expect(refused.includes('ERR_INDELIBLE_UNSUPPORTED'), `with native forced: ${refused}`);
        return undefined;
      });
    }
  }
}
