/**
 * Checks everything about a release that can be checked before it is published.
 *
 *     npm run release:check [-- --tag v0.1.0]
 *
 * A tag must be the tag of this version, and then the changelog must have a date for it. Prints a table. Fails if a
 * check fails. Writes the package, its dependencies and the bundled packages to build/sbom.spdx.json.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Checks, expect } from './checks.js';
import { licenses } from './distribution/bundled-packages.js';
import { bundleCommand } from './distribution/command-bundle.js';
import { ENTRIES } from './distribution/entries.js';
import { pack } from './packed.js';
import { prebuildPath, targetName, targets } from './prebuild/targets.js';
import { publicAddress } from './public-address.js';
import { outputOf, projectRoot } from './run.js';
import { sbomOf } from './sbom.js';

interface Manifest {
  version: string;
  repository?: unknown;
  dependencies: Record<string, string>;
}

const LICENSES = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD'];
/** The files that must be in the package, besides the prebuilds. */
const SHIPPED = [
  'LICENSE',
  'README.md',
  'dist/bench/contenders/contenders.js',
  'dist/bench/contenders/project-resolution.js',
  'dist/bench/contenders/textbook.js',
  'dist/cli/LICENSES.txt',
  'dist/cli/main.js',
  'dist/docs/crash-results.json.br',
  'dist/docs/see-it-work.html.br',
  'dist/compat.cjs',
  'dist/contender.d.cts',
  'dist/library.cjs',
  'dist/more.cjs',
  'dist/native.json.br',
  'dist/portable-save.js',
  'dist/stream.cjs',
  'package.json',
  ...ENTRIES.flatMap(({ name }) => ['cjs', 'd.cts', 'd.ts', 'js'].map((type) => `dist/${name}.${type}`)),
];

const { values } = parseArgs({ options: { tag: { type: 'string' } } });
const file = (...path: string[]) => readFileSync(join(projectRoot, ...path), 'utf8');
const manifest: Manifest = JSON.parse(file('package.json'));
const checks = new Checks();

/** Runs one of the project's own scripts, and copies its output to standard error. */
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
  expect(heading !== undefined, 'it has no such heading');
  if (values.tag !== undefined) expect(/\(\d{4}-\d{2}-\d{2}\)$/.test(heading), `no date in "${heading}"`);
  return heading;
});
if (values.tag !== undefined) {
  await checks.run('the tag is of this version', () => {
    expect(values.tag === `v${manifest.version}`, `${values.tag} and ${manifest.version}`);
    return values.tag;
  });
}
await checks.run('package.json has the public address', () => publicAddress(manifest));
await checks.run('code and documentation: npm run check', () => script('check'));
await checks.run('tests: npm test', () => script('test', '--reporter=dot'));
await checks.run('every prebuild exists and passes its check', () => script('prebuilds:check'));

const scratch = mkdtempSync(join(tmpdir(), 'indelible-release-'));
try {
  await checks.run('the package has all its files, and no others', () => {
    const paths = new Set(pack(scratch).files.map(({ path }) => path));
    for (const path of SHIPPED) expect(paths.has(path), `${path} is missing`);
    for (const target of targets) {
      const path = `prebuilds/${prebuildPath(target)}`;
      expect(paths.has(path) === existsSync(join(projectRoot, path)), `prebuild for ${targetName(target)}`);
    }
    for (const path of paths) expect(belongs(path), `${path} must not be in it`);
    return `${paths.size} files`;
  });
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

await checks.run('installation: npm run test:install', () => script('test:install'));
await checks.run('consumers: npm run test:consumers', () => script('test:consumers'));
const bundled = (await bundleCommand(projectRoot)).packages;
await checks.run('run-time dependencies and bundled packages: few, with free licences', () => {
  const sbom = sbomOf(projectRoot, bundled);
  mkdirSync(join(projectRoot, 'build'), { recursive: true });
  writeFileSync(join(projectRoot, 'build/sbom.spdx.json'), `${JSON.stringify(sbom, null, 2)}\n`);
  const { packages } = sbom;
  for (const { name, licenseDeclared } of packages) {
    expect(LICENSES.includes(licenseDeclared), `${name} has the licence ${licenseDeclared}`);
  }
  const others = packages.filter(({ name }) => name !== 'indelible').map(({ name }) => name);
  const direct = [...Object.keys(manifest.dependencies), ...bundled.map(({ name }) => name)];
  expect(others.sort().join() === direct.sort().join(), `they have dependencies of their own: ${others}`);
  return packages.map(({ name, versionInfo }) => `${name} ${versionInfo}`).join(', ');
});
await checks.run('the licences of the bundled packages are in the package', () => {
  expect(file('dist/cli/LICENSES.txt') === licenses(bundled), 'dist/cli/LICENSES.txt differs');
  return bundled.map(({ name }) => name).join(', ');
});
checks.finish();

/** Whether a file may be in the package. */
function belongs(path: string): boolean {
  return SHIPPED.includes(path) || /^prebuilds\/[a-z0-9-]+\/indelible(\.\w+)?\.node$/.test(path);
}
