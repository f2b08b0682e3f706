/** A system with a prebuild. */
export interface Target {
  platform: 'linux' | 'darwin' | 'win32';
  arch: 'x64' | 'arm64';
  /** Linux only: the C library. */
  libc?: 'glibc' | 'musl';
  /** The name of the system in binding.gyp. */
  gypSystem: 'linux' | 'mac' | 'win';
  /** Zig's name of the system, with the oldest supported version. */
  triple: string;
}

/**
 * All systems with a prebuild.
 *
 * glibc 2.28 (2018) and macOS 11 are the oldest versions that Node.js 20 itself supports.
 */
export const targets: readonly Target[] = [
  { platform: 'linux', arch: 'x64', libc: 'glibc', gypSystem: 'linux', triple: 'x86_64-linux-gnu.2.28' },
  { platform: 'linux', arch: 'arm64', libc: 'glibc', gypSystem: 'linux', triple: 'aarch64-linux-gnu.2.28' },
  { platform: 'linux', arch: 'x64', libc: 'musl', gypSystem: 'linux', triple: 'x86_64-linux-musl' },
  { platform: 'linux', arch: 'arm64', libc: 'musl', gypSystem: 'linux', triple: 'aarch64-linux-musl' },
  { platform: 'darwin', arch: 'x64', gypSystem: 'mac', triple: 'x86_64-macos.11.0' },
  { platform: 'darwin', arch: 'arm64', gypSystem: 'mac', triple: 'aarch64-macos.11.0' },
  { platform: 'win32', arch: 'x64', gypSystem: 'win', triple: 'x86_64-windows-gnu' },
  { platform: 'win32', arch: 'arm64', gypSystem: 'win', triple: 'aarch64-windows-gnu' },
];

/** The name of a target in tables and for `--only`. */
export function targetName({ platform, arch, libc }: Target): string {
  return [platform, arch, ...(libc === 'musl' ? [libc] : [])].join('-');
}

/** The path below `prebuilds/` where prebuildify puts it, and node-gyp-build looks for it. */
export function prebuildPath({ platform, arch, libc }: Target): string {
  return `${platform}-${arch}/${['indelible', ...(libc === undefined ? [] : [libc]), 'node'].join('.')}`;
}
