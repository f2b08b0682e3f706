import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { examinePrebuild } from '../../packaging/prebuild/check.js';
import { targets } from '../../packaging/prebuild/targets.js';
import { nativeUnavailable } from '../engines.js';

const compiledHere = fileURLToPath(new URL('../../build/Release/indelible.node', import.meta.url));

/** The faults of the addon that node-gyp has compiled, as a prebuild for a system. */
function faults(arch: string, libc: string) {
  const target = targets.find((one) => one.platform === 'linux' && one.arch === arch && one.libc === libc);
  if (target === undefined) throw new Error(`no target for ${arch} with ${libc}`);
  return examinePrebuild(target, compiledHere, new Set(['napi_create_function'])).faults.join('\n');
}

// Needs a compiled addon.
if (nativeUnavailable === undefined && process.platform === 'linux') {
  test('an addon compiled by node-gyp is refused as a prebuild', () => {
    const found = faults(process.arch, 'glibc');
    expect(found).toContain('needs libstdc++.so.6');
    expect(found).toContain('is not stripped');
    expect(found).toMatch(/has \d+ bytes, more than/);
  });

  test('a function of a newer Node-API is found', () => {
    const found = faults(process.arch, 'glibc');
    expect(found).toMatch(/imports napi_\w+, of a newer Node-API/);
    expect(found).not.toContain('imports napi_create_function');
  });

  test('an addon for glibc is refused as one for musl', () => {
    const found = faults(process.arch, 'musl');
    expect(found).toContain('needs libc.so.6');
    expect(found).toMatch(/imports \w+ of GLIBC_/);
  });

  test('an addon for another processor is refused', () => {
    const other = process.arch === 'x64' ? 'arm64' : 'x64';
    expect(faults(other, 'glibc')).toContain(`is for ${process.arch}`);
  });
}
