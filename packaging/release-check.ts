/**
 * Everything about a release that can be checked without publishing it.
 *
 *     npm run release:check [-- --tag v0.1.0]
 *
 * With a tag, it has to be this version's, and the changelog has to have a date for it. Prints a table and fails if
 * something does not hold. Writes what the package brings, its dependencies and what is bundled, to
 * build/sbom.spdx.json.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Checks, expect } from './checks.js';
import { licenses } from './distribution/bundled-packages.js';
import { bundleCommand } from './distribution/command-bundle.js';
import { pack } from './packed.js';
import { prebuildPath, targetName, targets } from './prebuild/targets.js';
import { outputOf, projectRoot } from './run.js';
import { sbomOf } from './sbom.js';

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
}

const LICENSES = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD'];
/** Apart from the library, the contenders, the declarations and what stands in `native`. */
const SHIPPED = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'binding.gyp',
  'dist/api/portable-save.js',
  'dist/bench/contenders/contender.d.ts',
  'dist/bench/contenders/project-resolution.js',
  'dist/cli/LICENSES.txt',
  'dist/cli/main.js',
  'dist/docs/crash-results.json.br',
  'dist/docs/see-it-work.html.br',
  'dist/index.d.ts',
  'dist/index.js',
  'dist/primitives.d.ts',
  'dist/primitives.js',
  'install.mjs',
  'package.json',
  'prebuilds/README.md',
];

const { values } = parseArgs({ options: { tag: { type: 'string' } } });
const file = (...path: string[]) => readFileSync(join(projectRoot, ...path), 'utf8');
const manifest: Manifest = JSON.parse(file('package.json'));
const checks = new Checks();

/** One of the project's own scripts, with what it prints on standard error; its table, if it ends in one. */
function script(name: string, ...args: string[]): undefined {
  const printed = outputOf('npm', ['run', '--silent', name, ...(args.length > 0 ? ['--', ...args] : [])], {
    cwd: projectRoot,
  });
  process.stderr.write(printed);
}

await checks.run(`the changelog has ${manifest.version}`, () => {
  const heading = file('CHANGELOG.md')
    .split('\n')
    .find((line) => line.startsWith(`## ${manifest.version}`));
  expect(heading !== undefined, 'it has not');
  if (values.tag !== undefined) expect(/\(\d{4}-\d{2}-\d{2}\)$/.test(heading), `no date in "${heading}"`);
  return heading;
});
if (values.tag !== undefined) {
  await checks.run('the tag is of this version', () => {
    expect(values.tag === `v${manifest.version}`, `${values.tag} and ${manifest.version}`);
    return values.tag;
  });
}
await checks.run('code and documentation: npm run check', () => script('check'));
await checks.run('tests: unit, behaviour, package', () => {
  const projects = ['unit', 'native', 'portable', 'package'].flatMap((name) => ['--project', name]);
  return script('test', '--reporter=dot', ...projects);
});
await checks.run('every prebuild is there and as it should be', () => script('prebuilds:check'));

const scratch = mkdtempSync(join(tmpdir(), 'indelible-release-'));
try {
  await checks.run('the package has what it is to have, and nothing else', () => {
    const paths = new Set(pack(scratch).files.map(({ path }) => path));
    for (const path of SHIPPED) expect(paths.has(path), `it lacks ${path}`);
    for (const target of targets) {
      const path = `prebuilds/${prebuildPath(target)}`;
      expect(paths.has(path) === existsSync(join(projectRoot, path)), `prebuild for ${targetName(target)}`);
    }
    for (const path of paths) expect(belongs(path), `${path} does not belong into it`);
    return `${paths.size} files`;
  });
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

await checks.run('installs as it should: npm run test:install', () => script('test:install'));
await checks.run('serves its consumers: npm run test:consumers', () => script('test:consumers'));
const bundled = (await bundleCommand(projectRoot)).packages;
await checks.run('the run-time dependencies and what is bundled: few, and free to use', () => {
  const sbom = sbomOf(projectRoot, bundled);
  mkdirSync(join(projectRoot, 'build'), { recursive: true });
  writeFileSync(join(projectRoot, 'build/sbom.spdx.json'), `${JSON.stringify(sbom, null, 2)}\n`);
  const { packages } = sbom;
  for (const { name, licenseDeclared } of packages) {
    expect(LICENSES.includes(licenseDeclared), `${name} has the license ${licenseDeclared}`);
  }
  const others = packages.filter(({ name }) => name !== 'indelible').map(({ name }) => name);
  const direct = [...Object.keys(manifest.dependencies), ...bundled.map(({ name }) => name)];
  expect(others.sort().join() === direct.sort().join(), `they have dependencies of their own: ${others}`);
  return packages.map(({ name, versionInfo }) => `${name} ${versionInfo}`).join(', ');
});
await checks.run('what is bundled comes with its licence', () => {
  expect(file('dist/cli/LICENSES.txt') === licenses(bundled), 'dist/cli/LICENSES.txt has others');
  return bundled.map(({ name }) => name).join(', ');
});
checks.finish();

/** Whether a file of the package is meant to be in it; what the compiler makes must come from a file that exists. */
function belongs(path: string): boolean {
  if (SHIPPED.includes(path)) return true;
  // The rest of the command is in its bundle.
  if (path.startsWith('dist/cli/')) return false;
  const source = /^dist\/(.*?)(\.d)?\.[jt]s$/.exec(path)?.[1];
  if (source !== undefined) {
    // The contenders are compiled from bench/contenders to dist/bench/contenders.
    return [join('src', `${source}.ts`), `${source}.ts`].some((one) => existsSync(join(projectRoot, one)));
  }
  if (/^native\/.*\.(cc|h)$/.test(path)) return true;
  return /^prebuilds\/[a-z0-9-]+\/indelible(\.\w+)?\.node$/.test(path);
}
