import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { projectRoot } from '../project-root.js';
import { run } from '../run.js';
import { runtimeFlags, runtimeSources } from './cxx-runtime.js';
import type { GypTarget } from './gyp-target.js';
import { nodeApiImports } from './node-api-imports.js';
import type { Target } from './targets.js';
import type { Toolchain } from './toolchain.js';

/**
 * For size: the addon waits for disks. The second form is Clang's own, since Zig turns the first one into `-Os`.
 * Nothing unwinds through the addon, and what is not used is left out.
 */
const FLAGS = [
  '-Oz',
  '-Xclang',
  '-Oz',
  '-g0',
  '-fPIC',
  '-fno-exceptions',
  '-fno-rtti',
  '-fvisibility=hidden',
  '-fvisibility-inlines-hidden',
  '-fvisibility-global-new-delete-hidden',
  '-fno-unwind-tables',
  '-fno-asynchronous-unwind-tables',
  '-fno-stack-protector',
  '-fno-ident',
  '-ffunction-sections',
  '-fdata-sections',
];

/** Optimised as one program. Zig refuses it for macOS, and what it makes for Windows does not run. */
const WHOLE_PROGRAM = ['-flto', '-Xclang', '-fmerge-functions'];

/**
 * What makes LLD's output smaller and Zig's driver does not pass on: functions with the same code become one. (LLVM's
 * outliner would save 6 KB more on x64, and what comes of it crashes when it is loaded.)
 */
const SMALLER = ['-O2', '--icf=all', '--hash-style=gnu'];

/** What an addon has to export, and all it does export. */
export const ENTRY_POINTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

/** The oldest macOS that they run on, as in the targets' triples. */
const MACOS = '11.0';

/** Compiles and links one prebuild, stripped, into `output`. Intermediate files go below `scratch`. */
export async function compilePrebuild(
  target: Target,
  gyp: GypTarget,
  toolchain: Toolchain,
  scratch: string,
  output: string,
) {
  mkdirSync(scratch, { recursive: true });
  mkdirSync(dirname(output), { recursive: true });
  const zig = (language: 'cc' | 'c++', args: readonly string[]) =>
    run(toolchain.zig, [language, '-target', target.triple, ...args], {
      env: toolchain.env,
      cwd: projectRoot,
    });

  const compilations: { language: 'cc' | 'c++'; source: string; object: string; flags: readonly string[] }[] =
    [];
  const add = (language: 'cc' | 'c++', source: string, flags: readonly string[]) => {
    const name = isAbsolute(source) ? basename(source) : source.replaceAll('/', '_');
    compilations.push({ language, source, object: join(scratch, `${name}.o`), flags });
  };
  const addonFlags = [
    ...gyp.compilerFlags,
    // As node-gyp does: it has node_api.h declare the functions as imported.
    '-DBUILDING_NODE_EXTENSION',
    ...gyp.defines.map((define) => `-D${define}`),
    ...[...gyp.includeDirectories, toolchain.nodeApiHeaders].map((directory) => `-I${directory}`),
  ];
  for (const source of gyp.sources) add('c++', source, addonFlags);
  for (const source of runtimeSources(target, toolchain.zigLibrary)) {
    add('c++', source, runtimeFlags(toolchain.zigLibrary));
  }
  if (target.libc === 'glibc') add('cc', join(projectRoot, 'packaging/prebuild/glibc_stat.c'), []);

  const waiting = [...compilations];
  const compileWaiting = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { language, source, object, flags } = next;
      const optimised = target.platform === 'linux' ? [...FLAGS, ...WHOLE_PROGRAM] : FLAGS;
      const printed = await zig(language, [...flags, ...optimised, '-c', '-o', object, source]);
      if (printed !== '') process.stderr.write(printed);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, compileWaiting));

  const objects = compilations.map(({ object }) => object);
  if (target.platform === 'win32') {
    const compiled = objects.map((object) => readFileSync(object, 'latin1'));
    const used = toolchain
      .nodeApi(nodeApiVersion(gyp))
      .filter((name) => compiled.some((object) => object.includes(`__imp_${name}\0`)));
    const imports = join(scratch, 'node_api_imports.c');
    writeFileSync(imports, nodeApiImports(used));
    await zig('cc', [...FLAGS, '-c', '-o', `${imports}.o`, imports]);
    objects.push(`${imports}.o`);
  }
  if (target.platform === 'darwin') {
    await linkForMacos(target, toolchain, [...objects, ...gyp.linkerFlags], output);
  } else {
    const printed = await zig('cc', [
      '-shared',
      '-s',
      ...linkerFlags(target, scratch),
      '--verbose',
      '-o',
      output,
      ...objects,
      ...gyp.linkerFlags,
    ]);
    if (target.platform === 'linux') await linkSmaller(toolchain, printed);
  }
}

/** Links once more, as Zig's driver has with `--verbose` said that it does, with what it does not pass on. */
async function linkSmaller({ zig, env }: Toolchain, printed: string) {
  // Before it, on first use, come those of the C library's own files.
  const command = printed
    .split('\n')
    .filter((line) => line.startsWith('ld.lld '))
    .at(-1);
  if (command === undefined) throw new Error(`Zig does not say how it links:\n${printed}`);
  const [linker = '', ...args] = command.split(' ').filter((arg) => arg !== '');
  await run(zig, [linker, ...args, ...SMALLER], { env, cwd: projectRoot });
}

/** Zig's own linker for macOS leaves in what is not used, and every name. LLVM's signs what it makes, as arm64 asks for. */
async function linkForMacos(
  { arch }: Target,
  { llvm, zigLibrary }: Toolchain,
  inputs: string[],
  output: string,
) {
  await run(join(llvm(), 'ld64.lld'), [
    '-dylib',
    ...['-arch', arch === 'x64' ? 'x86_64' : arch],
    ...['-platform_version', 'macos', MACOS, MACOS],
    // Node-API comes from the program.
    ...['-undefined', 'dynamic_lookup'],
    ...ENTRY_POINTS.flatMap((name) => ['-exported_symbol', `_${name}`]),
    '-dead_strip',
    // A segment of its own would cost up to 16 KiB on arm64.
    '-no_data_const',
    '--icf=all',
    '-adhoc_codesign',
    ...['-install_name', basename(output)],
    ...['-o', output],
    ...inputs,
    join(zigLibrary, 'libc/darwin/libSystem.11.tbd'),
  ]);
  await run(join(llvm(), 'llvm-strip'), ['-x', output]);
}

/** The version of Node-API that binding.gyp asks for. */
export function nodeApiVersion({ defines }: GypTarget): number {
  const version = defines.map((define) => /^NAPI_VERSION=(\d+)$/.exec(define)?.[1]).find(Boolean);
  if (version === undefined) throw new Error('binding.gyp defines no NAPI_VERSION.');
  return Number(version);
}

function linkerFlags({ platform }: Target, scratch: string): string[] {
  if (platform === 'win32') return [];
  const exported = join(scratch, 'exported.map');
  writeFileSync(exported, `{ global: ${ENTRY_POINTS.join('; ')}; local: *; };\n`);
  return ['-Wl,--gc-sections', `-Wl,--version-script=${exported}`];
}
