/**
 * Everything about a release that can be checked without publishing it.
 *
 *     npm run release:check [-- --tag v0.1.0]
 *
 * With a tag, it has to be this version's, and the changelog has to have a date for it. Prints a table and fails if
 * something does not hold. Writes the list of run-time dependencies to build/sbom.spdx.json.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Checks, expect } from './checks.js';
import { pack } from './packed.js';
import { prebuildPath, targetName, targets } from './prebuild/targets.js';
import { projectRoot } from './project-root.js';
import { outputOf } from './run.js';

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
}

interface Sbom {
  packages: { name: string; versionInfo: string; licenseDeclared: string }[];
}

const LICENSES = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD'];
/** Apart from what stands in `dist` and `native`. */
const SHIPPED = [
  'CHANGELOG.md',
  'LICENSE',
  'README.md',
  'binding.gyp',
  'docs/crash-results.json',
  'install.mjs',
  'package.json',
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
    for (const path of [...SHIPPED, 'dist/index.js', 'dist/index.d.ts', 'dist/cli/main.js']) {
      expect(paths.has(path), `it lacks ${path}`);
    }
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
await checks.run('the run-time dependencies: few, and free to use', () => {
  const printed = outputOf(
    'npm',
    ['sbom', '--omit=dev', '--omit=optional', '--omit=peer', '--sbom-format=spdx'],
    {
      cwd: projectRoot,
    },
  );
  mkdirSync(join(projectRoot, 'build'), { recursive: true });
  writeFileSync(join(projectRoot, 'build/sbom.spdx.json'), printed);
  const { packages }: Sbom = JSON.parse(printed);
  for (const { name, licenseDeclared } of packages) {
    expect(LICENSES.includes(licenseDeclared), `${name} has the license ${licenseDeclared}`);
  }
  const others = packages.filter(({ name }) => name !== 'indelible').map(({ name }) => name);
  const direct = Object.keys(manifest.dependencies);
  expect(others.sort().join() === direct.sort().join(), `they have dependencies of their own: ${others}`);
  return packages.map(({ name, versionInfo }) => `${name} ${versionInfo}`).join(', ');
});
checks.finish();

/** Whether a file of the package comes from a file that still exists; `dist` may have leftovers of earlier builds. */
function belongs(path: string): boolean {
  const source = /^dist\/(.*?)(\.d)?\.[jt]s$/.exec(path)?.[1];
  if (source !== undefined) {
    // Contenders are compiled beside the command that loads them.
    return [join('src', `${source}.ts`), `${source}.ts`].some((one) => existsSync(join(projectRoot, one)));
  }
  if (/^native\/.*\.(cc|h)$/.test(path)) return true;
  if (path === 'prebuilds/README.md' || /^prebuilds\/[a-z0-9-]+\/indelible(\.\w+)?\.node$/.test(path))
    return true;
  return SHIPPED.includes(path);
}
