import { type Binary, textAt } from './binary-format.js';

const LC_SYMTAB = 0x2;
const LC_LOAD_DYLIB = 0xc;
const CPU_X86_64 = 0x01000007;
const CPU_ARM64 = 0x0100000c;
const N_STAB = 0xe0;
const N_TYPE = 0x0e;
const N_EXT = 0x01;
const N_PEXT = 0x10;
const WEAK_REFERENCE = 0x40;

/** Reads a 64-bit little-endian Mach-O file of one architecture (mach-o/loader.h, mach-o/nlist.h). */
export function readMachO(file: Buffer): Binary {
  const cpu = file.readUInt32LE(4);
  const binary: Binary = {
    architecture: cpu === CPU_X86_64 ? 'x64' : cpu === CPU_ARM64 ? 'arm64' : `processor ${cpu}`,
    libraries: [],
    imports: [],
    exports: [],
    stripped: true,
  };
  let at = 32;
  for (let i = 0; i < file.readUInt32LE(16); ++i) {
    const command = file.readUInt32LE(at);
    if (command === LC_LOAD_DYLIB) binary.libraries.push(textAt(file, at + file.readUInt32LE(at + 8)));
    if (command === LC_SYMTAB) readSymbols(file, at, binary);
    at += file.readUInt32LE(at + 4);
  }
  return binary;
}

function readSymbols(file: Buffer, command: number, binary: Binary) {
  const start = file.readUInt32LE(command + 8);
  const strings = file.readUInt32LE(command + 16);
  for (let i = 0; i < file.readUInt32LE(command + 12); ++i) {
    const at = start + i * 16;
    const type = file.readUInt8(at + 4);
    // Each name begins with an underscore.
    const name = textAt(file, strings + file.readUInt32LE(at)).slice(1);
    if ((type & N_STAB) !== 0) {
      binary.stripped = false;
    } else if ((type & N_EXT) === 0 || (type & N_PEXT) !== 0) {
      binary.stripped = false;
    } else if ((type & N_TYPE) === 0) {
      binary.imports.push({ name, weak: (file.readUInt16LE(at + 6) & WEAK_REFERENCE) !== 0 });
    } else {
      binary.exports.push(name);
    }
  }
}
