import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bundleDeclarations, exportedNames } from '../../packaging/distribution/declarations.js';
import { ENTRIES } from '../../packaging/distribution/entries.js';

const dist = fileURLToPath(new URL('../../dist', import.meta.url));

describe('the declarations in one file', () => {
  let directory: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'indelible-declarations-'));
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  function bundle(declarations: Record<string, string>, others: Record<string, string[]> = {}) {
    for (const [name, text] of Object.entries(declarations)) {
      mkdirSync(dirname(join(directory, name)), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
    return bundleDeclarations(join(directory, 'index.d.ts'), others);
  }

  test('are those that are exported, and those that they name', () => {
    const text = bundle({
      'index.d.ts': "export type { B } from './below/b.js';\nexport * from './c.js';",
      'below/b.d.ts':
        "import type { Stats } from 'node:fs';\nimport type { A } from '../a.js';\n/** B. */\nexport interface B extends A { stats: Stats }",
      'a.d.ts': 'export interface A {}\nexport type Other = 1;',
      'c.d.ts':
        'type Hidden = 1;\nexport declare function c(): Hidden;\nexport declare function c(a: 1): Hidden;',
    });
    expect(text).toBe(`import type { Stats } from 'node:fs';
/** B. */
interface B extends A { stats: Stats }
interface A {}
declare function c(): Hidden;
declare function c(a: 1): Hidden;
type Hidden = 1;
export { B, c };
`);
    expect(exportedNames(text)).toEqual(['B', 'c']);
  });

  test('are imported from another bundle that exports them', () => {
    const text = bundle(
      {
        'index.d.ts': "import type { A } from './a.js';\nexport declare const a: A;",
        'a.d.ts': 'export type A = 1;',
      },
      { './other.cjs': ['A'] },
    );
    expect(text).toBe("import type { A } from './other.cjs';\ndeclare const a: A;\nexport { a };\n");
  });

  test('do not have the internal members of a class', () => {
    const text = bundle({
      'index.d.ts': `import type { Hidden } from './hidden.js';
export declare class A {
    /** @internal */
    constructor(hidden: Hidden);
    /** @internal */
    hide(): Hidden;
    b: 1;
}`,
      'hidden.d.ts': 'export type Hidden = 1;',
    });
    expect(text).toBe('declare class A {\n    private constructor();\n    b: 1;\n}\nexport { A };\n');
  });

  test.each([
    ['a module is missing', { 'index.d.ts': "export type { A } from './a.js';" }, /a\.d\.ts is missing/],
    [
      'a name is declared twice',
      {
        'index.d.ts':
          "import type { A } from './a.js';\nimport type { B } from './b.js';\nexport declare const c: A & B;",
        'a.d.ts': 'type C = 1;\nexport type A = C;',
        'b.d.ts': 'type C = 2;\nexport type B = C;',
      },
      /a second declaration of C/,
    ],
    [
      'a name is imported under another one',
      { 'index.d.ts': "import type { A as B } from './a.js';\nexport declare const b: B;", 'a.d.ts': '' },
      /cannot bundle/,
    ],
    [
      'a type is imported in place',
      { 'index.d.ts': "export declare const a: import('node:fs').Stats;" },
      /cannot bundle/,
    ],
  ])('cannot be made if %s', (_, declarations, error) => {
    expect(() => bundle(declarations)).toThrow(error);
  });

  test('exist once for both formats', () => {
    for (const name of ['index', 'primitives']) {
      expect(readFileSync(join(dist, `${name}.d.ts`), 'utf8')).toBe(`export * from './${name}.cjs';\n`);
    }
    const all = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.d\.[mc]?ts$/.test(name),
    );
    const expected = ['contender.d.cts', ...ENTRIES.flatMap(({ name }) => [`${name}.d.cts`, `${name}.d.ts`])];
    expect(all.map((name) => name.replaceAll('\\', '/')).sort()).toEqual(expected.sort());
  });
});
