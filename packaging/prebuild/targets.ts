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
  /** Where it cannot be as small as the others: how many bytes it may have, and why. */
  larger?: { bytes: number; why: string };
}

const LINUX = 'what LLVM outlines on x64 crashes when it is loaded';
const MACOS = 'Zig cannot optimise across files for macOS';
const WINDOWS = 'what Zig optimises across files for Windows crashes when it is loaded';

/**
 * Every system that gets a prebuild. A system whose target in binding.gyp has no sources is left out.
 *
 * glibc 2.28 (2018) is what Node.js 20 itself asks for at least; macOS 11 likewise.
 */
export const targets: readonly Target[] = [
  {
    platform: 'linux',
    arch: 'x64',
    libc: 'glibc',
    gypSystem: 'linux',
    triple: 'x86_64-linux-gnu.2.28',
    larger: { bytes: 156 * 1024, why: LINUX },
  },
  { platform: 'linux', arch: 'arm64', libc: 'glibc', gypSystem: 'linux', triple: 'aarch64-linux-gnu.2.28' },
  {
    platform: 'linux',
    arch: 'x64',
    libc: 'musl',
    gypSystem: 'linux',
    triple: 'x86_64-linux-musl',
    larger: { bytes: 156 * 1024, why: LINUX },
  },
  { platform: 'linux', arch: 'arm64', libc: 'musl', gypSystem: 'linux', triple: 'aarch64-linux-musl' },
  {
    platform: 'darwin',
    arch: 'x64',
    gypSystem: 'mac',
    triple: 'x86_64-macos.11.0',
    larger: { bytes: 160 * 1024, why: MACOS },
  },
  {
    platform: 'darwin',
    arch: 'arm64',
    gypSystem: 'mac',
    triple: 'aarch64-macos.11.0',
    larger: { bytes: 172 * 1024, why: MACOS },
  },
  {
    platform: 'win32',
    arch: 'x64',
    gypSystem: 'win',
    triple: 'x86_64-windows-gnu',
    larger: { bytes: 200 * 1024, why: WINDOWS },
  },
  {
    platform: 'win32',
    arch: 'arm64',
    gypSystem: 'win',
    triple: 'aarch64-windows-gnu',
    larger: { bytes: 184 * 1024, why: WINDOWS },
  },
];

/** Names a target for people and for `--only`. */
export function targetName({ platform, arch, libc }: Target): string {
  return [platform, arch, ...(libc === 'musl' ? [libc] : [])].join('-');
}

/** Where node-gyp-build looks for it below `prebuilds/`, as prebuildify 6 names it with `--tag-libc`. */
export function prebuildPath({ platform, arch, libc }: Target): string {
  return `${platform}-${arch}/${['indelible', ...(libc === undefined ? [] : [libc]), 'node'].join('.')}`;
}
