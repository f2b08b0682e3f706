import { spawnSync } from 'node:child_process';
import { basename } from 'node:path';
import { outputOf } from '../run.js';

/** The parts of a shared library that matter to the system that loads it. */
export interface Binary {
  /** As in `process.arch`. */
  architecture: string;
  /** The libraries that it is linked against. */
  libraries: string[];
  imports: { name: string; weak: boolean; version?: string }[];
  exports: string[];
  /** Whether it has no names except those that it exports and imports. */
  stripped: boolean;
  /** Whether it says when it was linked. Then the same sources make another file each time. */
  dated: boolean;
}

/** Debian's packages `llvm` and `llvm-16`. */
const READERS = ['llvm-readobj', '/usr/lib/llvm-16/bin/llvm-readobj'];
const ARCHITECTURES: Record<string, string> = { x86_64: 'x64', aarch64: 'arm64', arm64: 'arm64' };

/** LLVM's reader of ELF, Mach-O and PE files, if the machine has one. */
export function binaryReader(): string | undefined {
  return READERS.find((program) => spawnSync(program, ['--version']).status === 0);
}

/** Reads an ELF, Mach-O or PE file. */
export function readBinary(reader: string, path: string): Binary {
  const of = (...options: string[]) => outputOf(reader, [...options, path]);
  const header = of('--file-headers', '--needed-libs');
  const format = field(header, 'Format')?.toLowerCase() ?? '';
  const shared = {
    architecture: ARCHITECTURES[field(header, 'Arch') ?? ''] ?? `${field(header, 'Arch')}`,
    libraries:
      /NeededLibraries \[([^\]]*)\]/
        .exec(header)?.[1]
        ?.split('\n')
        .map((line) => line.trim())
        // A Mach-O file names itself, too.
        .filter((name) => name !== '' && name !== basename(path)) ?? [],
  };
  if (format.startsWith('elf')) {
    return { ...shared, ...elfNames(of('--dyn-syms', '--sections')), dated: false };
  }
  if (format.startsWith('mach-o')) return { ...shared, ...machONames(of('--symbols')), dated: false };
  const imported = blocks(of('--coff-imports'), 'Import');
  return {
    architecture: shared.architecture,
    libraries: imported.map((library) => field(library, 'Name') ?? ''),
    imports: imported.flatMap((library) =>
      [...library.matchAll(/^\s*Symbol: (\S*) \(\d+\)$/gm)].map(([, name = '']) => ({ name, weak: false })),
    ),
    exports: blocks(of('--coff-exports'), 'Export').map((one) => field(one, 'Name') ?? ''),
    stripped: field(header, 'SymbolCount') === '0',
    // With this entry, a hash of the content takes the place of the time.
    dated: !/^\s*Type: Repro /m.test(of('--coff-debug-directory')),
  };
}

function elfNames(printed: string): Pick<Binary, 'imports' | 'exports' | 'stripped'> {
  const symbols = blocks(printed, 'Symbol').map((symbol) => {
    const [name = '', version] = (field(symbol, 'Name') ?? '').replace(/ \(\d+\)$/, '').split(/@+/);
    const imported = field(symbol, 'Section')?.startsWith('Undefined') === true;
    return { name, version, imported, weak: field(symbol, 'Binding')?.startsWith('Weak') === true };
  });
  // The first entry of each table is empty.
  const named = symbols.filter(({ name }) => name !== '');
  return {
    imports: named
      .filter(({ imported }) => imported)
      .map(({ name, weak, version }) => ({ name, weak, ...(version === undefined ? {} : { version }) })),
    exports: named.filter(({ imported }) => !imported).map(({ name }) => name),
    stripped: !printed.includes('SHT_SYMTAB '),
  };
}

function machONames(printed: string): Pick<Binary, 'imports' | 'exports' | 'stripped'> {
  const symbols = blocks(printed, 'Symbol').map((symbol) => ({
    // Each name begins with an underscore.
    name: (field(symbol, 'Name') ?? '').replace(/ \(\d+\)$/, '').slice(1),
    external: /^\s*Extern$/m.test(symbol) && !/^\s*PrivateExtern$/m.test(symbol),
    imported: field(symbol, 'Type')?.startsWith('Undef') === true,
    weak: symbol.includes('WeakRef'),
  }));
  const external = symbols.filter((symbol) => symbol.external);
  return {
    imports: external.filter(({ imported }) => imported).map(({ name, weak }) => ({ name, weak })),
    exports: external.filter(({ imported }) => !imported).map(({ name }) => name),
    stripped: external.length === symbols.length,
  };
}

/** The texts between the braces of all blocks of a name. */
function blocks(printed: string, name: string): string[] {
  return [...printed.matchAll(new RegExp(`^\\s*${name} \\{$([^}]*)\\}`, 'gm'))].map(([, text = '']) => text);
}

/** The value of the first line `KEY: value`. */
function field(text: string, key: string): string | undefined {
  return new RegExp(`^\\s*${key}: (.*)$`, 'm').exec(text)?.[1];
}
