import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { projectRoot, run } from '../run.js';
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

/**
 * LLVM's bitcode instead of machine code: the linker optimises all as one program. Zig refuses `-flto` for macOS, where
 * Clang is asked directly. (On Linux what comes of that is 7 % larger, so it is for macOS alone.)
 */
function wholeProgram({ platform }: Target): string[] {
  const merged = ['-Xclang', '-fmerge-functions'];
  return platform === 'darwin' ? ['-Xclang', '-emit-llvm-bc', ...merged] : ['-flto', ...merged];
}

/*
 * What makes LLD's output smaller and Zig's driver does not pass on: functions with the same code become one. (LLVM's
 * outliner would save 6 KB more on x64, and what comes of it crashes when it is loaded.)
 */
const SMALLER_ELF = ['-O2', '--icf=all', '--hash-style=gnu', '-mllvm', '-enable-merge-functions'];
/** An imported variable, which windows_runtime.c leaves unresolved, is refused. */
const SMALLER_COFF = ['-OPT:ICF', '-NOIMPLIB', '-runtime-pseudo-reloc:no', '-mllvm:-enable-merge-functions'];
const SMALLER_MACH_O = ['--icf=all', '-mllvm', '-enable-merge-functions'];

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
  if (target.platform === 'win32') add('cc', join(projectRoot, 'packaging/prebuild/windows_runtime.c'), []);

  const waiting = [...compilations];
  const compileWaiting = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { language, source, object, flags } = next;
      const printed = await zig(language, [
        ...flags,
        ...FLAGS,
        ...wholeProgram(target),
        '-c',
        '-o',
        object,
        source,
      ]);
      if (printed !== '') process.stderr.write(printed);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, compileWaiting));

  const objects = compilations.map(({ object }) => object);
  if (target.platform === 'win32') {
    const compiled = objects.map((object) => readFileSync(object, 'latin1'));
    const used = toolchain
      .nodeApi(nodeApiVersion(gyp))
      // Bitcode has its names one after the other, so one that begins another may be taken along.
      .filter((name) => compiled.some((object) => object.includes(name)));
    const imports = join(scratch, 'node_api_imports.c');
    writeFileSync(imports, nodeApiImports(used));
    await zig('cc', [...FLAGS, ...wholeProgram(target), '-c', '-o', `${imports}.o`, imports]);
    objects.push(`${imports}.o`);
  }
  if (target.platform === 'darwin') {
    await linkForMacos(target, toolchain, [...objects, ...gyp.linkerFlags], output);
  } else {
    const first = join(scratch, 'first.node');
    const flags = linkerFlags(target, scratch);
    const printed = await zig('cc', [
      ...['-shared', '-s', '--verbose', '-o', first, ...flags],
      ...[...objects, ...gyp.linkerFlags],
    ]);
    await linkSmaller(toolchain, printed, first, output);
  }
}

/** Links once more, as Zig's driver has with `--verbose` said that it does, with what it does not pass on. */
async function linkSmaller({ zig, env }: Toolchain, printed: string, first: string, output: string) {
  // Before it, on first use, come those of the C library's own files.
  const command = printed
    .split('\n')
    .filter((line) => /^(ld\.lld|lld-link) /.test(line))
    .at(-1);
  if (command === undefined) throw new Error(`Zig does not say how it links:\n${printed}`);
  const [linker = '', ...said] = command.split(' ').filter((arg) => arg !== '');
  const args = said.map((arg) => arg.replace(first, output));
  const forWindows = linker === 'lld-link';
  await run(
    zig,
    forWindows
      ? // Zig's own runtime is one object, with tables for every function of mathematics. Nothing of it is needed.
        [linker, ...args.filter((arg) => !arg.endsWith('/compiler_rt.lib')), ...SMALLER_COFF]
      : [linker, ...args, ...SMALLER_ELF],
    { env, cwd: projectRoot },
  );
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
    ...SMALLER_MACH_O,
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
