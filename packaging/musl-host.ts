import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Target } from './prebuild/targets.js';
import type { Toolchain } from './prebuild/toolchain.js';
import { outputOf, run } from './run.js';

/** The registry has no Node.js for musl, so a program with functions of Node-API's names stands in for it. */
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

/** Loads a prebuild, every symbol resolved at once, in a program of musl's that offers Node-API and nothing else. */
export async function loadWithMusl(
  target: Target,
  prebuild: string,
  { zig, env, nodeApi }: Toolchain,
  scratch: string,
): Promise<undefined> {
  const source = join(scratch, 'host.c');
  const program = join(scratch, 'host');
  writeFileSync(source, hostSource(nodeApi(8)));
  // Zig links for musl statically unless it is told otherwise, and a static program loads nothing.
  await run(zig, ['cc', '-target', target.triple, '-dynamic', '-rdynamic', '-o', program, source], { env });
  const printed = outputOf(program, [prebuild]);
  if (printed !== 'loaded\n') throw new Error(printed);
}
