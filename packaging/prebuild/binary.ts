import { readElf } from './elf.js';
import { readMachO } from './mach-o.js';
import { readPe } from './pe.js';

/** What a shared library asks of the system that loads it. */
export interface Binary {
  /** In Node.js's words. */
  architecture: string;
  /** The libraries that have to be there. */
  libraries: string[];
  imports: { name: string; weak?: boolean; library?: string; version?: string }[];
  exports: string[];
  /** Whether the names of what it does not export are gone. */
  stripped: boolean;
}

/** Reads an ELF, Mach-O or PE file. */
export function readBinary(file: Buffer): Binary {
  const magic = file.readUInt32LE(0);
  if (magic === 0x464c457f) return readElf(file);
  if (magic === 0xfeedfacf) return readMachO(file);
  if ((magic & 0xffff) === 0x5a4d) return readPe(file);
  throw new Error('neither ELF, Mach-O nor PE');
}
