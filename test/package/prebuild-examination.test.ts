import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { binaryReader } from '../../packaging/prebuild/binary.js';
import { examinePrebuild } from '../../packaging/prebuild/check.js';
import { targets } from '../../packaging/prebuild/targets.js';
import { nativeUnavailable } from '../engines.js';

const compiledHere = fileURLToPath(new URL('../../build/Release/indelible.node', import.meta.url));
const reader = binaryReader();
/** Needs a compiled addon, and LLVM's reader. */
const unavailable =
  nativeUnavailable ??
  (process.platform === 'linux' ? undefined : 'the addon is for another system') ??
  (reader === undefined ? 'llvm-readobj is not installed' : undefined);

/** The faults of an addon, as a prebuild for a system. */
function faultsOf(path: string, platform: string, arch: string, libc?: string) {
  const target = targets.find(
    (one) => one.platform === platform && one.arch === arch && (libc === undefined || one.libc === libc),
  );
  if (target === undefined) throw new Error(`no target for ${platform} on ${arch}`);
  return examinePrebuild(target, path, `${reader}`, new Set(['napi_create_function'])).faults.join('\n');
}

/** The faults of the addon that node-gyp has compiled. */
const faults = (arch: string, libc: string) => faultsOf(compiledHere, 'linux', arch, libc);

/** IMAGE_DEBUG_TYPE_CODEVIEW and IMAGE_DEBUG_TYPE_REPRO of the PE format. */
const DEBUG_TYPE = { codeView: 2, repro: 16 };

/** A library for Windows on x64 with one entry of its debug directory, and without code. */
function windowsLibrary(debugType: number): string {
  const file = Buffer.alloc(0x400);
  file.write('MZ');
  file.writeUInt32LE(0x40, 0x3c);
  file.write('PE', 0x40);
  // The file header: the processor, one section, the size of the optional header, a library that may be executed.
  for (const [at, value] of [
    [0x44, 0x8664],
    [0x46, 1],
    [0x54, 0xf0],
    [0x56, 0x2022],
  ] as const) {
    file.writeUInt16LE(value, at);
  }
  // The optional header: PE32+, the alignments, the sizes of the image and the headers, 16 directories.
  file.writeUInt16LE(0x20b, 0x58);
  for (const [at, value] of [
    [0x20, 0x1000],
    [0x24, 0x200],
    [0x38, 0x2000],
    [0x3c, 0x200],
    [0x6c, 16],
  ] as const) {
    file.writeUInt32LE(value, 0x58 + at);
  }
  // The seventh directory is that of debugging: an entry of 28 bytes at the start of the section.
  file.writeUInt32LE(0x1000, 0xc8 + 6 * 8);
  file.writeUInt32LE(28, 0xcc + 6 * 8);
  file.write('.rdata', 0x148);
  for (const [at, value] of [
    [8, 0x200],
    [12, 0x1000],
    [16, 0x200],
    [20, 0x200],
  ] as const) {
    file.writeUInt32LE(value, 0x148 + at);
  }
  file.writeUInt32LE(debugType, 0x200 + 12);
  const directory = mkdtempSync(join(tmpdir(), 'indelible-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'indelible.node');
  writeFileSync(path, file);
  return path;
}

const reason = unavailable === undefined ? '' : ` (not run: ${unavailable})`;
describe.skipIf(unavailable !== undefined)(`the examination of prebuilds${reason}`, () => {
  test('refuses an addon compiled by node-gyp', () => {
    const found = faults(process.arch, 'glibc');
    expect(found).toContain('needs libstdc++.so.6');
    expect(found).toContain('is not stripped');
    expect(found).toMatch(/has \d+ bytes, more than/);
  });

  test('finds a function of a newer Node-API', () => {
    const found = faults(process.arch, 'glibc');
    expect(found).toMatch(/imports napi_\w+, of a newer Node-API/);
    expect(found).not.toContain('imports napi_create_function');
  });

  test('refuses an addon for glibc as one for musl', () => {
    const found = faults(process.arch, 'musl');
    expect(found).toContain('needs libc.so.6');
    expect(found).toMatch(/imports \w+ of GLIBC_/);
  });

  test('refuses an addon for another processor', () => {
    const other = process.arch === 'x64' ? 'arm64' : 'x64';
    expect(faults(other, 'glibc')).toContain(`is for ${process.arch}`);
  });

  test('refuses an addon for Windows that says when it was linked', () => {
    const dated = 'says when it was linked';
    expect(faultsOf(windowsLibrary(DEBUG_TYPE.codeView), 'win32', 'x64')).toContain(dated);
    expect(faultsOf(windowsLibrary(DEBUG_TYPE.repro), 'win32', 'x64')).not.toContain(dated);
  });
});
