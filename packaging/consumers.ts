/**
 * Uses the packed package as its users do: with TypeScript and each of its module resolutions, with `require`, with runners
 * of tests, with bundlers, and with other installers. Also checks it with publint and Are The Types Wrong.
 *
 *     npm run test:consumers
 *
 * First installs the tools below packaging/consumers/. Prints a table. Fails if a check fails.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checks, expect } from './checks.js';
import { checkBundlers } from './consuming/bundlers.js';
import { checkInstallers } from './consuming/installers.js';
import { checkSingleExecutable } from './consuming/single-executable.js';
import { checkTestRunners } from './consuming/test-runners.js';
import { installTools, printedBy, toolFile, Workplace } from './consuming/workplace.js';
import { pack } from './packed.js';

const TYPED = `
import { type Saved, SaveAllError, Saver, createSaveStream, inspect, save, saveAll, saveSync } from 'indelible';
import { type Stats, statSync, writeFile } from 'indelible/fs';
import { readFile } from 'indelible/fs/promises';
import { writeFile as writeFileAtomically, type WriteOptions } from 'indelible/atomically';
import { fdatasync } from 'indelible/primitives';
import { Writer } from 'indelible/steno';
import writeFileAtomic, { type Options, sync } from 'indelible/write-file-atomic';
import type { Contender } from 'indelible/contender';

export async function use(): Promise<Saved> {
  await using saver = new Saver('state');
  await saver.save('text');
  createSaveStream('file', { durability: 'ordered' }).end('text');
  const filesystem = await inspect('.');
  const names: string[] = filesystem.warnings.map(({ code }) => code);
  await saveAll([{ path: 'a', data: new Uint8Array() }]).catch((error: unknown) => {
    if (error instanceof SaveAllError) names.push(error.message);
  });
  await fdatasync(0);
  const stats: Stats = statSync('file');
  writeFile('file', await readFile('file', 'utf8'), { flush: true, mode: stats.mode }, () => undefined);
  const [atomic, atomically]: [Options, WriteOptions] = [{ mode: 0o600 }, { mode: 0o600 }];
  await writeFileAtomic('file', 'text', atomic);
  writeFileAtomic('file', 'text', (error) => error?.message);
  sync('file', 'text', { chown: { uid: 0, gid: 0 } });
  writeFileAtomic.sync('file', 'text');
  await writeFileAtomically('file', 'text', atomically);
  await new Writer('file').write('text');
  // @ts-expect-error: it has no equivalent
  sync('file', 'text', { tmpfileCreated: () => undefined });
  saveSync('file', names.join());
  // @ts-expect-error: there is no such durability
  await save('file', 'text', { durability: 'eternal' });
  return save('file', 'text', { mode: 0o600, ifExists: 'fail' });
}
export type C = Contender;
`;
const TYPED_COMMONJS = `
import indelible = require('indelible');
import fs = require('indelible/fs');
import writeFileAtomic = require('indelible/write-file-atomic');
import 'indelible/register';
export const saved: Promise<indelible.Saved> = indelible.save('file', 'text');
export const stats: fs.Stats = fs.statSync('file');
export const options: writeFileAtomic.Options = { fsync: false };
writeFileAtomic.sync('file', 'text', options);
export const written: Promise<void> = writeFileAtomic('file', 'text', options);
`;
const REQUIRED = `
const { saveSync } = require('indelible');
saveSync(process.argv[2], 'text');
console.log('saved');
`;

const tool = (name: string) => toolFile(join('.bin', name));
installTools();

const scratch = mkdtempSync(join(tmpdir(), 'indelible-consumers-'));
const checks = new Checks();
try {
  const packed = pack(scratch);
  const project = new Workplace(join(scratch, 'app'), packed.tarball);
  project.write('typed.ts', TYPED);
  project.write('typed.cts', TYPED_COMMONJS);
  project.link('@types/node', 'undici-types');

  await checks.run('publint finds nothing', () => {
    printedBy(tool('publint'), ['run', packed.tarball, '--strict'], scratch);
    return undefined;
  });
  await checks.run('Are The Types Wrong finds nothing', () => {
    printedBy(tool('attw'), [packed.tarball, '--profile', 'node16', '--no-emoji'], scratch);
    return undefined;
  });

  const compile = (module: string, resolution: string, ...files: string[]) => {
    const options = ['--module', module, '--moduleResolution', resolution, '--target', 'es2022'];
    const strict = ['--strict', '--noEmit', '--skipLibCheck', 'false', '--exactOptionalPropertyTypes'];
    const libraries = ['--lib', 'es2022,esnext.disposable', '--types', 'node'];
    const { status, stdout } = spawnSync(tool('tsc'), [...options, ...strict, ...libraries, ...files], {
      cwd: project.directory,
      encoding: 'utf8',
    });
    expect(status === 0, stdout);
    return undefined;
  };
  for (const [module, resolution] of [
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ] as const) {
    await checks.run(`TypeScript, moduleResolution ${resolution}: import`, () =>
      compile(module, resolution, 'typed.ts'),
    );
  }
  for (const module of ['node16', 'nodenext']) {
    await checks.run(`TypeScript, moduleResolution ${module}: require`, () =>
      compile(module, module, 'typed.cts'),
    );
  }

  await checks.run('require, with nothing on standard error', () => {
    project.write('require.cjs', REQUIRED);
    const printed = project.node(['require.cjs', 'file']);
    expect(printed === 'saved\n', printed);
    return process.version;
  });

  await checkTestRunners(checks, project);
  await checkBundlers(checks, project, scratch);
  await checkSingleExecutable(checks, project, scratch);
  await checkInstallers(checks, packed, scratch);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
checks.finish();
