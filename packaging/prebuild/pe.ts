import { type Binary, textAt } from './binary-format.js';

const AMD64 = 0x8664;
const ARM64 = 0xaa64;
const DIRECTORIES = 112;
const BY_ORDINAL = 1n << 63n;

/** Reads a 64-bit PE file (Microsoft's "PE Format"). */
export function readPe(file: Buffer): Binary {
  const header = file.readUInt32LE(0x3c) + 4;
  const machine = file.readUInt16LE(header);
  const optional = header + 20;
  const sections = optional + file.readUInt16LE(header + 16);
  /** The offset in the file of an address in memory. */
  const inFile = (address: number): number => {
    for (let i = 0; i < file.readUInt16LE(header + 2); ++i) {
      const section = sections + i * 40;
      const offset = address - file.readUInt32LE(section + 12);
      if (offset >= 0 && offset < file.readUInt32LE(section + 16)) {
        return file.readUInt32LE(section + 20) + offset;
      }
    }
    throw new Error(`no section has the address ${address}`);
  };

  const binary: Binary = {
    architecture: machine === AMD64 ? 'x64' : machine === ARM64 ? 'arm64' : `machine ${machine}`,
    libraries: [],
    imports: [],
    exports: [],
    stripped: file.readUInt32LE(header + 12) === 0,
  };
  const exported = file.readUInt32LE(optional + DIRECTORIES);
  if (exported !== 0) {
    const table = inFile(exported);
    const names = inFile(file.readUInt32LE(table + 32));
    for (let i = 0; i < file.readUInt32LE(table + 24); ++i) {
      binary.exports.push(textAt(file, inFile(file.readUInt32LE(names + i * 4))));
    }
  }
  const imported = file.readUInt32LE(optional + DIRECTORIES + 8);
  if (imported !== 0) {
    for (let entry = inFile(imported); file.readUInt32LE(entry + 12) !== 0; entry += 20) {
      const library = textAt(file, inFile(file.readUInt32LE(entry + 12)));
      binary.libraries.push(library);
      for (let at = inFile(file.readUInt32LE(entry)); ; at += 8) {
        const name = file.readBigUInt64LE(at);
        if (name === 0n) break;
        binary.imports.push({
          name: (name & BY_ORDINAL) !== 0n ? `#${name & 0xffffn}` : textAt(file, inFile(Number(name)) + 2),
          library,
        });
      }
    }
  }
  return binary;
}
