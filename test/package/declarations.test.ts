import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { declarationEntries, reachableDeclarations } from '../../packaging/distribution/declarations.js';

const project = fileURLToPath(new URL('../..', import.meta.url));

describe('the declarations that users can reach', () => {
  let dist: string;

  beforeEach(() => {
    dist = mkdtempSync(join(tmpdir(), 'indelible-declarations-'));
  });

  afterEach(() => rmSync(dist, { recursive: true, force: true }));

  function declare(declarations: Record<string, string>) {
    for (const [name, text] of Object.entries(declarations)) {
      mkdirSync(dirname(join(dist, name)), { recursive: true });
      writeFileSync(join(dist, name), text);
    }
  }

  function reached(...entries: string[]) {
    const paths = reachableDeclarations(entries.map((name) => join(dist, name)));
    return [...paths].map((path) => path.slice(dist.length + 1).replaceAll('\\', '/')).sort();
  }

  test('are those that are imported, exported again or named in a type, and their imports', () => {
    declare({
      'index.d.ts': `import type { A } from './a.js';
export type { B } from './below/b.js';
export * from './c.js';
export declare const d: import('./d.js').D;
export declare const a: A;`,
      'a.d.ts': "import { E } from './below/e.js'; export type A = E;",
      'below/b.d.ts': "export type { A as B } from '../a.js';",
      'below/e.d.ts': 'export type E = 1;',
      'c.d.ts': 'export {};',
      'd.d.ts': "import type { Stats } from 'node:fs'; export type D = Stats;",
    });
    expect(reached('index.d.ts')).toEqual([
      'a.d.ts',
      'below/b.d.ts',
      'below/e.d.ts',
      'c.d.ts',
      'd.d.ts',
      'index.d.ts',
    ]);
  });

  test('are not those that only the code uses', () => {
    declare({ 'index.d.ts': 'export declare const a: 1;', 'inner.d.ts': 'export type Inner = 1;' });
    expect(reached('index.d.ts')).toEqual(['index.d.ts']);
  });

  test('cannot be built if one is missing', () => {
    declare({ 'index.d.ts': "export type { A } from './a.js';" });
    expect(() => reached('index.d.ts')).toThrow(/index\.d\.ts imports .*a\.d\.ts, which is missing/);
  });

  test('are the only declarations in dist/, for all entry points of package.json', () => {
    const built = readdirSync(join(project, 'dist'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.d.ts'))
      .map((name) => join(project, 'dist', name));
    const entries = declarationEntries(project);
    for (const name of ['index.d.ts', 'primitives.d.ts', 'bench/contenders/contender.d.ts']) {
      expect(entries).toContain(join(project, 'dist', name));
    }
    expect(built.sort()).toEqual([...reachableDeclarations(entries)].sort());
  });
});
