import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { outputOf } from './run.js';

/** A program with functions of the same names as Node-API's, in place of Node.js: the registry has none for musl. */
function hostSource(functions: readonly string[]): string {
  return `#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
${functions.map((name) => `void ${name}(void) { abort(); }`).join('\n')}
int main(int count, char** arguments) {
  void* addon = dlopen(arguments[1], RTLD_NOW);
  if (addon == NULL || dlsym(addon, "napi_register_module_v1") == NULL) {
    fprintf(stderr, "%s\\n", dlerror());
    return 1;
  }
  puts("loaded");
  return 0;
}
`;
}

/** The compiler of Debian's package `musl-tools`. Zig links no dynamic programs for musl. */
export const MUSL_COMPILER = 'musl-gcc';

/** Loads a prebuild in a program for musl that offers Node-API and nothing else. Resolves all symbols at once. */
export function loadWithMusl(prebuild: string, nodeApi: readonly string[], scratch: string): undefined {
  const source = join(scratch, 'host.c');
  const program = join(scratch, 'host');
  writeFileSync(source, hostSource(nodeApi));
  outputOf(MUSL_COMPILER, ['-rdynamic', '-o', program, source]);
  const printed = outputOf(program, [prebuild]);
  if (printed !== 'loaded\n') throw new Error(printed);
}
