#!/usr/bin/env node
/**
 * Stands in for node-gyp: prebuildify calls it in a directory with binding.gyp, and takes `build/Release/indelible.node`.
 * It compiles for the system that prebuildify names in the environment, whichever machine it runs on.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { projectRoot, run } from '../run.js';
import { ENTRY_POINTS } from './check.js';
import { runtimeFlags, runtimeSources } from './cxx-runtime.js';
import { type GypTarget, gypTarget } from './gyp-target.js';
import { nodeApiImports } from './node-api-imports.js';
import { type Target, targets } from './targets.js';
import { type Toolchain, toolchain } from './toolchain.js';

/**
 * For size, since the addon waits for disks. The second form is Clang's own option: Zig turns the first into `-Os`.
 * Nothing unwinds through the addon, and unused functions are left out.
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
 * LLVM's bitcode instead of machine code: the linker optimises all files as one program. Zig refuses `-flto` for macOS,
 * so there it is an option of Clang. (On Linux the result of that option is 7 % larger.)
 */
function wholeProgram({ platform }: Target): string[] {
  const merged = ['-Xclang', '-fmerge-functions'];
  return platform === 'darwin' ? ['-Xclang', '-emit-llvm-bc', ...merged] : ['-flto', ...merged];
}

/*
 * Options for a smaller output of LLD that Zig's driver does not pass on: functions with the same code become one.
 * (LLVM's outliner would save 6 KB more on x64, but its result crashes when it is loaded.)
 */
const SMALLER_ELF = [
  '-O2',
  '--lto-O3',
  '--no-eh-frame-hdr',
  '--icf=all',
  '--hash-style=gnu',
  '-mllvm',
  '-enable-merge-functions',
];
/**
 * Refuses imported variables, which windows_runtime.c does not resolve. The time in the header would make each compilation
 * another file: it becomes a hash of the content.
 */
const SMALLER_COFF = [
  '-OPT:ICF',
  '-NOIMPLIB',
  '-Brepro',
  '-runtime-pseudo-reloc:no',
  '-mllvm:-enable-merge-functions',
];
const SMALLER_MACH_O = ['--icf=all', '-mllvm', '-enable-merge-functions'];

/** The oldest supported macOS, as in the targets' triples. */
const MACOS = '11.0';

/** Compiles and links one prebuild, stripped, into `output`. Intermediate files go below `scratch`. */
async function compile(
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
    // As node-gyp does. Then node_api.h declares the functions as imported.
    '-DBUILDING_NODE_EXTENSION',
    ...gyp.defines.map((define) => `-D${define}`),
    ...[...gyp.includeDirectories, toolchain.nodeApiHeaders].map((directory) => `-I${directory}`),
  ];
  for (const source of joined(gyp.sources, scratch)) add('c++', source, addonFlags);
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
      .nodeApi()
      // Names in bitcode are not separated, so a name that is the beginning of another may be included as well.
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

/** Links again, with the command that Zig's driver prints for `--verbose`, and the options that it does not pass on. */
async function linkSmaller({ zig, env }: Toolchain, printed: string, first: string, output: string) {
  // The last one. On first use, Zig links files of the C library before it.
  const command = printed
    .split('\n')
    .filter((line) => /^(ld\.lld|lld-link) /.test(line))
    .at(-1);
  if (command === undefined) throw new Error(`Zig did not print its link command:\n${printed}`);
  const [linker = '', ...said] = command.split(' ').filter((arg) => arg !== '');
  const args = said.map((arg) => arg.replace(first, output));
  const forWindows = linker === 'lld-link';
  await run(
    zig,
    forWindows
      ? // Zig's own runtime is one object with tables for mathematical functions. The addon needs none of it.
        [linker, ...args.filter((arg) => !arg.endsWith('/compiler_rt.lib')), ...SMALLER_COFF]
      : [linker, ...args, ...SMALLER_ELF],
    { env, cwd: projectRoot },
  );
}

/** Zig's own linker for macOS keeps unused code and all names. LLVM's removes both, and signs its output for arm64. */
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
    // The program provides Node-API.
    ...['-undefined', 'dynamic_lookup'],
    ...ENTRY_POINTS.flatMap((name) => ['-exported_symbol', `_${name}`]),
    '-dead_strip',
    // A separate segment would cost up to 16 KiB on arm64.
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

/**
 * Writes one source for each folder, which includes those of the folder: half the time of a compilation is for headers.
 * The headers of a system may change the meaning of another source, so the files that call systems stay separate.
 */
function joined(sources: readonly string[], scratch: string): string[] {
  const folders = new Map<string, string[]>();
  for (const source of sources) {
    const folder = dirname(source);
    const key = folder === 'native/platform' ? source : folder;
    folders.set(key, [...(folders.get(key) ?? []), source]);
  }
  return [...folders].map(([key, included]) => {
    const path = join(scratch, `${key.replaceAll('/', '_')}.joined.cc`);
    writeFileSync(path, included.map((source) => `#include "${join(projectRoot, source)}"\n`).join(''));
    return path;
  });
}

function linkerFlags({ platform }: Target, scratch: string): string[] {
  if (platform === 'win32') return [];
  const exported = join(scratch, 'exported.map');
  writeFileSync(exported, `{ global: ${ENTRY_POINTS.join('; ')}; local: *; };\n`);
  return ['-Wl,--gc-sections', `-Wl,--version-script=${exported}`];
}

const { PREBUILD_PLATFORM, PREBUILD_ARCH, PREBUILD_LIBC } = process.env;
const wanted = targets.find(
  ({ platform, arch, libc = PREBUILD_LIBC }) =>
    platform === PREBUILD_PLATFORM && arch === PREBUILD_ARCH && libc === PREBUILD_LIBC,
);
if (wanted === undefined) {
  throw new Error(`There is no target ${PREBUILD_PLATFORM}, ${PREBUILD_ARCH}, ${PREBUILD_LIBC}`);
}
const scratch = resolve('build/objects');
await compile(
  wanted,
  gypTarget(wanted, scratch),
  toolchain(),
  scratch,
  resolve('build/Release/indelible.node'),
);
