import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Checks, expect } from '../checks.js';
import { type Packed, packedForRegistry } from '../packed.js';
import { outputOf } from '../run.js';
import { versionOf } from './test-runners.js';
import { printedBy, toolFile } from './workplace.js';

const PROGRAM = `
const { saveSync, createSaveStream } = require('indelible');
saveSync('file', 'content');
createSaveStream('file').on('finish', () => console.log('saved')).end('content');
`;

/** Yarn says it of every package that has ES modules. */
const OF_ES_MODULES = /YN0092: .*ESM support for PnP/;

interface Installer {
  name: string;
  /** The package of the tool. */
  tool: string;
  program: string;
  add: readonly string[];
  /** How a program is run in the project. */
  run: readonly [program: string, ...args: string[]];
  files?: Readonly<Record<string, string>>;
}

const BUN = `@oven/bun-linux-${process.arch === 'arm64' ? 'aarch64' : 'x64'}`;
const NODE = [process.execPath] as const;
const BERRY = toolFile('@yarnpkg/cli-dist/bin/yarn.js');

const INSTALLERS: readonly Installer[] = [
  { name: 'npm', tool: 'npm', program: toolFile('npm/bin/npm-cli.js'), add: ['install'], run: NODE },
  { name: 'pnpm', tool: 'pnpm', program: toolFile('pnpm/bin/pnpm.cjs'), add: ['add'], run: NODE },
  { name: 'yarn classic', tool: 'yarn', program: toolFile('yarn/bin/yarn.js'), add: ['add'], run: NODE },
  {
    name: "yarn Plug'n'Play",
    tool: '@yarnpkg/cli-dist',
    program: BERRY,
    add: ['add'],
    run: [process.execPath, BERRY, 'node'],
    files: {
      '.yarnrc.yml': 'nodeLinker: pnp\nenableTelemetry: false\nenableGlobalCache: false\n',
      'yarn.lock': '',
    },
  },
];

/** Installs the package with each installer, which must not warn of anything. */
export async function checkInstallers(checks: Checks, packed: Packed, scratch: string) {
  const tarball = packedForRegistry(packed, scratch);
  const registry = outputOf('npm', ['config', 'get', 'registry']).trim();
  const env = {
    npm_config_registry: registry,
    YARN_NPM_REGISTRY_SERVER: registry,
    BUN_CONFIG_REGISTRY: registry,
    // Each installer for itself: a lock file that another one would make is not asked for.
    CI: '',
    npm_config_userconfig: join(scratch, 'no-npmrc'),
  };
  const check = (name: string, tool: string, install: (project: string) => string, run: Installer['run']) =>
    checks.run(`${name}: installs without a warning, then the native engine is used`, () => {
      const project = join(scratch, name.replaceAll(/\W+/g, '-'));
      mkdirSync(project);
      const manifest = { name: 'empty', version: '1.0.0', license: 'MIT', private: true };
      writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
      writeFileSync(join(project, 'program.cjs'), PROGRAM);
      const printed = install(project);
      const said = printed
        .split('\n')
        .filter((line) => !OF_ES_MODULES.test(line))
        .join('\n');
      expect(!/warn(?!ings in)|blocked|ignored build|deprecated/i.test(said), printed);
      const [program, ...args] = run;
      const result = printedBy(program, [...args, 'program.cjs'], project, {
        ...env,
        INDELIBLE_ENGINE: 'native',
      });
      expect(result === 'saved\n', result);
      if (name.includes("Plug'n'Play")) {
        const unplugged = readdirSync(join(project, '.yarn/unplugged'));
        expect(
          unplugged.some((one) => one.startsWith('indelible-')),
          unplugged.join(', '),
        );
      }
      return versionOf(tool);
    });

  for (const { name, tool, program, add, run, files = {} } of INSTALLERS) {
    const install = (project: string) => {
      for (const [file, text] of Object.entries(files)) writeFileSync(join(project, file), text);
      const named = tool === '@yarnpkg/cli-dist' ? `indelible@file:${tarball}` : tarball;
      return printedBy(process.execPath, [program, ...add, named], project, env);
    };
    await check(name, tool, install, run);
  }
  const bun = toolFile(`${BUN}/bin/bun`);
  if (!existsSync(bun)) return checks.notRun("Bun's installer", 'Bun is not for this system');
  await check("Bun's installer", BUN, (project) => printedBy(bun, ['add', tarball], project, env), NODE);
}
