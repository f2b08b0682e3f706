import { exportedNames } from './declarations.js';

/** A public entry of the package, `indelible` or `indelible/NAME`. dist/ has a CommonJS and an ES module of its name. */
export interface Entry {
  /** The name of its files in dist/. */
  name: string;
  /** The module below src/. */
  module: string;
  /** The only export of the CommonJS module, which an ES module has as its default. Default: the module's exports. */
  value?: string;
  /** With `value`: the names that an ES module also exports. */
  names?: readonly string[];
  /** With `value`: a module of Node.js whose other exports it has, and whose types it has. */
  like?: string;
  /** A function that is called when the entry is loaded. It exports nothing. */
  call?: string;
}

/** A new entry also needs a line in `exports` of package.json. */
export const ENTRIES: readonly Entry[] = [
  { name: 'index', module: 'index' },
  { name: 'primitives', module: 'primitives' },
  {
    name: 'fs',
    module: 'compat/fs',
    value: 'nodeFs',
    names: ['promises', 'writeFile', 'writeFileSync'],
    like: 'node:fs',
  },
  {
    name: 'fs-promises',
    module: 'compat/fs',
    value: 'promises',
    names: ['writeFile'],
    like: 'node:fs/promises',
  },
  { name: 'register', module: 'compat/register', call: 'register' },
  { name: 'write-file-atomic', module: 'compat/write-file-atomic', value: 'writeFile', names: ['sync'] },
  { name: 'atomically', module: 'compat/atomically' },
  { name: 'steno', module: 'compat/steno' },
];

/**
 * The CommonJS module of an entry. Node.js finds the names that an ES module can import in its text
 * (cjs-module-lexer). In the text of the whole library this would take longer than to load it.
 *
 * @param values the expression for the module below src/.
 * @param exported the names that this module exports.
 */
export function commonJsEntry(entry: Entry, values: string, exported: readonly string[]): string {
  if (entry.call !== undefined) return `'use strict';\n${values}.${entry.call}();\n`;
  const value = entry.value === undefined ? values : `${values}.${entry.value}`;
  const names = entry.names ?? exported;
  return `'use strict';
const values = ${value};
module.exports = values;
0 && (module.exports = { ${names.join(', ')} });
`;
}

/** The ES module of an entry. An export of its own goes before one of the same name of `like`. */
export function moduleEntry(entry: Entry, exported: readonly string[]): string {
  const file = `./${entry.name}.cjs`;
  if (entry.call !== undefined) return `import '${file}';\n`;
  if (entry.value === undefined) return `export { ${exported.join(', ')} } from '${file}';\n`;
  const rest = entry.like === undefined ? '' : `export * from '${entry.like}';\n`;
  return `import values from '${file}';
${rest}export default values;
export const { ${(entry.names ?? []).join(', ')} } = values;
`;
}

/**
 * The declarations of an entry, for CommonJS and for ES modules.
 *
 * @param bundle makes the declarations of its module.
 */
export function declarationsOf(entry: Entry, bundle: () => string): { commonJs: string; module: string } {
  if (entry.call !== undefined) return { commonJs: 'export {};\n', module: 'export {};\n' };
  const { value } = entry;
  if (entry.like === undefined) {
    const types = bundle();
    if (value === undefined) return { commonJs: types, module: `export * from './${entry.name}.cjs';\n` };
    const names = exportedNames(types).filter((name) => name !== value);
    return {
      commonJs: types.replace(
        /^export \{.*\};$/m,
        `declare namespace ${value} { export { ${names.join(', ')} } }\nexport = ${value};`,
      ),
      module: `export { ${['default', ...names].join(', ')} } from './${entry.name}.cjs';\n`,
    };
  }
  return {
    commonJs: `import values = require('${entry.like}');\nexport = values;\n`,
    module: `export * from '${entry.like}';\nexport { default } from '${entry.like}';\n`,
  };
}
