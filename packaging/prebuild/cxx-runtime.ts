import { join } from 'node:path';
import { projectRoot } from '../run.js';
import type { Target } from './targets.js';

/*
 * Each prebuild contains the C++ library: Bun and Deno bring none for addons, and musl systems often have none. As Zig
 * links it, with exceptions, unwinder and demangler, it would be larger than the addon. So the necessary part is
 * compiled from the sources that come with Zig, in the configuration of libc++ and libc++abi for programs without
 * exceptions. There, an error that would throw (no memory, a length out of range) ends the process, as it does in an
 * addon without handlers.
 */

const LIBCXX = [
  'chrono',
  'condition_variable',
  'condition_variable_destructor',
  'functional',
  'hash',
  'memory',
  'mutex',
  'mutex_destructor',
  'new',
  'stdexcept',
  'thread',
];
const LIBCXX_WINDOWS = ['support/win32/thread_win32'];
const LIBCXXABI = [
  'cxa_default_handlers',
  'cxa_guard',
  'cxa_handlers',
  'cxa_noexception',
  'cxa_virtual',
  'stdlib_exception',
  'stdlib_new_delete',
  'stdlib_stdexcept',
];

/** The sources of the C++ library that a prebuild for this target contains. */
export function runtimeSources({ platform }: Target, zigLibrary: string): string[] {
  return [
    join(projectRoot, 'packaging/prebuild/abort.cc'),
    join(projectRoot, 'packaging/prebuild/string.cc'),
    ...[...LIBCXX, ...(platform === 'win32' ? LIBCXX_WINDOWS : [])].map((name) =>
      join(zigLibrary, 'libcxx/src', `${name}.cpp`),
    ),
    ...LIBCXXABI.map((name) => join(zigLibrary, 'libcxxabi/src', `${name}.cpp`)),
  ];
}

/** The flags for these sources, as in the build files of libc++ and libc++abi with exceptions off. */
export function runtimeFlags(zigLibrary: string): string[] {
  return [
    '-std=c++20',
    '-w',
    `-I${join(zigLibrary, 'libcxx/src')}`,
    `-I${join(zigLibrary, 'libcxxabi/include')}`,
    `-I${join(zigLibrary, 'libcxxabi/src')}`,
    '-D_LIBCPP_BUILDING_LIBRARY',
    '-DLIBCXX_BUILDING_LIBCXXABI',
    '-D_LIBCXXABI_BUILDING_LIBRARY',
    '-D_LIBCXXABI_NO_EXCEPTIONS',
    // Ends without a message, and so without the demangler, which is larger than everything else.
    '-DLIBCXXABI_SILENT_TERMINATE',
  ];
}
