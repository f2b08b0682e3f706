import { type Binary, textAt } from './binary-format.js';

const SHT_SYMTAB = 2;
const SHT_STRTAB = 3;
const SHT_DYNAMIC = 6;
const SHT_DYNSYM = 11;
const SHT_GNU_VERNEED = 0x6ffffffe;
const SHT_GNU_VERSYM = 0x6fffffff;
const DT_NEEDED = 1n;
const EM_X86_64 = 62;
const EM_AARCH64 = 183;

interface Section {
  type: number;
  offset: number;
  size: number;
  link: number;
  info: number;
}

/** Reads a 64-bit little-endian ELF file (elf(5)). */
export function readElf(file: Buffer): Binary {
  const machine = file.readUInt16LE(18);
  const sections = sectionsOf(file);
  const ofType = (type: number) => sections.find((section) => section.type === type);
  const dynamicSymbols = ofType(SHT_DYNSYM);
  if (dynamicSymbols === undefined) throw new Error('not a shared library');
  const strings = sections[dynamicSymbols.link];
  if (strings?.type !== SHT_STRTAB) throw new Error('no dynamic string table');
  const text = (at: number) => textAt(file, strings.offset + at);

  const versions = versionNames(file, ofType(SHT_GNU_VERNEED), text);
  const versionOf = ofType(SHT_GNU_VERSYM);
  const imports: Binary['imports'] = [];
  const exports: string[] = [];
  for (let i = 1; i < dynamicSymbols.size / 24; ++i) {
    const at = dynamicSymbols.offset + i * 24;
    const name = text(file.readUInt32LE(at));
    if (file.readUInt16LE(at + 6) !== 0) {
      exports.push(name);
    } else {
      const index = versionOf === undefined ? 0 : file.readUInt16LE(versionOf.offset + i * 2) & 0x7fff;
      const weak = file.readUInt8(at + 4) >> 4 === 2;
      imports.push({ name, weak, ...versions.get(index) });
    }
  }

  const libraries: string[] = [];
  const dynamic = ofType(SHT_DYNAMIC);
  for (let at = dynamic?.offset ?? 0; dynamic !== undefined && at < dynamic.offset + dynamic.size; at += 16) {
    if (file.readBigUInt64LE(at) === DT_NEEDED) libraries.push(text(Number(file.readBigUInt64LE(at + 8))));
  }
  return {
    architecture: machine === EM_X86_64 ? 'x64' : machine === EM_AARCH64 ? 'arm64' : `machine ${machine}`,
    libraries,
    imports,
    exports,
    stripped: ofType(SHT_SYMTAB) === undefined,
  };
}

function sectionsOf(file: Buffer): Section[] {
  const start = Number(file.readBigUInt64LE(40));
  const size = file.readUInt16LE(58);
  return Array.from({ length: file.readUInt16LE(60) }, (_, i) => {
    const at = start + i * size;
    return {
      type: file.readUInt32LE(at + 4),
      offset: Number(file.readBigUInt64LE(at + 24)),
      size: Number(file.readBigUInt64LE(at + 32)),
      link: file.readUInt32LE(at + 40),
      info: file.readUInt32LE(at + 44),
    };
  });
}

/** The versions of the needed symbols, by the index of the symbols. */
function versionNames(file: Buffer, section: Section | undefined, text: (at: number) => string) {
  const names = new Map<number, { library: string; version: string }>();
  let need = section?.offset ?? 0;
  for (let i = 0; i < (section?.info ?? 0); ++i) {
    const library = text(file.readUInt32LE(need + 4));
    let one = need + file.readUInt32LE(need + 8);
    for (let j = 0; j < file.readUInt16LE(need + 2); ++j) {
      names.set(file.readUInt16LE(one + 6), { library, version: text(file.readUInt32LE(one + 8)) });
      one += file.readUInt32LE(one + 12);
    }
    need += file.readUInt32LE(need + 12);
  }
  return names;
}
