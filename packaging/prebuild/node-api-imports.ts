/**
 * The source of a file that finds the functions of Node-API when an addon is loaded on Windows. An import from
 * `node.exe` would fail in programs with other names: Electron, Bun, Deno. So each function that node_api.h declares as
 * imported is looked up in the program itself, as node-gyp's delay-load hook does.
 */
export function nodeApiImports(functions: readonly string[]): string {
  return `#include <windows.h>

${functions.map((name) => `void* __imp_${name};`).join('\n')}

static const struct {
  const char* name;
  void** function;
} kImports[] = {
${functions.map((name) => `  {"${name}", &__imp_${name}},`).join('\n')}
};

__attribute__((constructor)) static void FindNodeApi(void) {
  HMODULE program = GetModuleHandleW(NULL);
  for (size_t i = 0; i < sizeof kImports / sizeof kImports[0]; ++i)
    *kImports[i].function = (void*)GetProcAddress(program, kImports[i].name);
}
`;
}
