/** One system that a prebuild is made for. */
export interface Target {
  platform: 'linux' | 'darwin' | 'win32';
  arch: 'x64' | 'arm64';
  /** Linux only: which C library it is linked against. */
  libc?: 'glibc' | 'musl';
  /** The system's name in binding.gyp. */
  gypSystem: 'linux' | 'mac' | 'win';
  /** Zig's name of it, with the oldest version that it is to run on. */
  triple: string;
}

/**
 * Every system that gets a prebuild. A system whose target in binding.gyp has no sources is left out.
 *
 * glibc 2.28 (2018) is what Node.js 20 itself asks for at least; macOS 11 likewise.
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

/** Names a target for people and for `--only`. */
export function targetName({ platform, arch, libc }: Target): string {
  return [platform, arch, ...(libc === 'musl' ? [libc] : [])].join('-');
}

/** Where node-gyp-build looks for it below `prebuilds/`, as prebuildify 6 names it with `--tag-libc`. */
export function prebuildPath({ platform, arch, libc }: Target): string {
  return `${platform}-${arch}/${['indelible', ...(libc === undefined ? [] : [libc]), 'node'].join('.')}`;
}
