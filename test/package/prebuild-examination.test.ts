import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
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

/** The faults of the addon that node-gyp has compiled, as a prebuild for a system. */
function faults(arch: string, libc: string) {
  const target = targets.find((one) => one.platform === 'linux' && one.arch === arch && one.libc === libc);
  if (target === undefined) throw new Error(`no target for ${arch} with ${libc}`);
  return examinePrebuild(target, compiledHere, `${reader}`, new Set(['napi_create_function'])).faults.join(
    '\n',
  );
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
});
