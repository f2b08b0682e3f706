import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { examinePrebuild } from '../../packaging/prebuild/check.js';
import { targets } from '../../packaging/prebuild/targets.js';
import { nativeUnavailable } from '../engines.js';

const compiledHere = fileURLToPath(new URL('../../build/Release/indelible.node', import.meta.url));

/** The faults of the addon that node-gyp has compiled, were it a prebuild for that system. */
function faults(arch: string, libc: string) {
  const target = targets.find((one) => one.platform === 'linux' && one.arch === arch && one.libc === libc);
  if (target === undefined) throw new Error(`no target for ${arch} with ${libc}`);
  return examinePrebuild(target, compiledHere, new Set(['napi_create_function'])).faults.join('\n');
}

// What only a compiled addon can show is not asked of a system without one.
if (nativeUnavailable === undefined && process.platform === 'linux') {
  test('an addon as node-gyp makes it does not pass for a prebuild', () => {
    const found = faults(process.arch, 'glibc');
    expect(found).toContain('needs libstdc++.so.6');
    expect(found).toContain('is not stripped');
    expect(found).toMatch(/has \d+ bytes, more than/);
  });

  test('a function of Node-API that is not in the version asked for is noticed', () => {
    const found = faults(process.arch, 'glibc');
    expect(found).toMatch(/imports napi_\w+, of a newer Node-API/);
    expect(found).not.toContain('imports napi_create_function');
  });

  test('an addon for glibc does not pass for one for musl', () => {
    const found = faults(process.arch, 'musl');
    expect(found).toContain('needs libc.so.6');
    expect(found).toMatch(/imports \w+ of GLIBC_/);
  });

  test('an addon for another processor is noticed', () => {
    const other = process.arch === 'x64' ? 'arm64' : 'x64';
    expect(faults(other, 'glibc')).toContain(`is for ${process.arch}`);
  });
}
