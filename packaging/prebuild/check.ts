import { statSync } from 'node:fs';
import { type Binary, readBinary } from './binary.js';
import type { Target } from './targets.js';

/** The only exports of an addon. */
export const ENTRY_POINTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

/** In bytes. The sum of the eight has a limit too: `LARGEST_INSTALLATION` in install-check.ts. */
const LARGEST = 190 * 1024;
const NEWEST_GLIBC = [2, 28] as const;

/** The libraries that every system of the kind has. Not the C++ library, which Bun and Deno do not bring. */
const LIBRARIES: Record<string, RegExp> = {
  glibc: /^(lib(c|m|dl|pthread|rt)\.so\.\d|ld-linux-(x86-64|aarch64)\.so\.\d)$/,
  musl: /^libc\.so$/,
  darwin: /^\/usr\/lib\/libSystem\.B\.dylib$/,
  win32: /^(KERNEL32|ntdll|ADVAPI32|msvcrt)\.dll$/i,
};

/** The size of a prebuild, its needs for the table, and its faults. */
export interface Examined {
  bytes: number;
  asksFor: string;
  faults: string[];
}

/**
 * Checks one prebuild. It must be for the system that its name says, small enough, and stripped. It must export only
 * the entry points of an addon, and import only Node-API and functions of the oldest supported system.
 *
 * @param reader - LLVM's reader; see binary.ts.
 * @param nodeApi - the functions of the version of Node-API that it was compiled for.
 */
export function examinePrebuild(
  target: Target,
  path: string,
  reader: string,
  nodeApi: ReadonlySet<string>,
): Examined {
  const bytes = statSync(path).size;
  const binary = readBinary(reader, path);
  const faults = [
    ...(binary.architecture === target.arch ? [] : [`is for ${binary.architecture}`]),
    ...(bytes <= LARGEST ? [] : [`has ${bytes} bytes, more than ${LARGEST}`]),
    ...(binary.stripped ? [] : ['is not stripped']),
    ...(binary.dated ? ['says when it was linked'] : []),
    ...exportFaults(binary),
    ...libraryFaults(target, binary),
    ...importFaults(target, binary, nodeApi),
  ];
  return { bytes, asksFor: asksFor(target, binary), faults };
}

function exportFaults({ exports }: Binary): string[] {
  return [
    ...(exports.includes('napi_register_module_v1') ? [] : ['does not export napi_register_module_v1']),
    ...exports.filter((name) => !ENTRY_POINTS.includes(name)).map((name) => `exports ${name}`),
  ];
}

function libraryFaults(target: Target, { libraries }: Binary): string[] {
  const allowed = LIBRARIES[target.libc ?? target.platform];
  return libraries.filter((name) => allowed?.test(name) !== true).map((name) => `needs ${name}`);
}

function importFaults(target: Target, { imports }: Binary, nodeApi: ReadonlySet<string>): string[] {
  return imports.flatMap(({ name, weak, version }) => {
    if (nodeApi.has(name)) return [];
    if (/^(node_api_|napi_)/.test(name)) return [`imports ${name}, of a newer Node-API`];
    // uv_, v8:: and node:: change between versions of Node.js. C++ functions must be inside the prebuild.
    if (/^(uv_|_Z)/.test(name)) return [`imports ${name}`];
    if (version !== undefined && !isOldEnough(version)) return [`imports ${name} of ${version}`];
    if (target.libc === 'glibc' && version === undefined && !weak) return [`imports ${name}`];
    if (target.libc === 'musl' && version !== undefined) return [`imports ${name} of ${version}`];
    return [];
  });
}

function glibcVersion(version: string): number[] | undefined {
  return /^GLIBC_([\d.]+)$/.exec(version)?.[1]?.split('.').map(Number);
}

function isOldEnough(version: string): boolean {
  const [major, minor] = glibcVersion(version) ?? [];
  if (major === undefined || minor === undefined) return false;
  return major < NEWEST_GLIBC[0] || (major === NEWEST_GLIBC[0] && minor <= NEWEST_GLIBC[1]);
}

function asksFor(target: Target, { imports, libraries }: Binary): string {
  if (target.libc !== 'glibc') return libraries.join(', ');
  const minors = imports.flatMap(({ version }) => glibcVersion(version ?? '')?.[1] ?? []);
  return `glibc 2.${Math.max(...minors)}`;
}
