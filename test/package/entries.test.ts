import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { ENTRIES } from '../../packaging/distribution/entries.js';

const project = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(join(project, 'package.json'));
const { exports }: { exports: Record<string, { import?: string; require?: string }> } = JSON.parse(
  readFileSync(join(project, 'package.json'), 'utf8'),
);

/** `indelible/NAME`, as a program names it. */
function specifierOf(name: string): string {
  const found = Object.entries(exports).find(([, files]) => files.require === `./dist/${name}.cjs`);
  return `indelible${found?.[0].slice(1)}`;
}

describe.each(ENTRIES)('the entry $name', ({ name, value, names, like, call }) => {
  test('is an export of the package for both formats', () => {
    expect(Object.values(exports)).toContainEqual({
      import: `./dist/${name}.js`,
      require: `./dist/${name}.cjs`,
    });
  });

  // It changes `fs` for the whole process: register.test.ts.
  if (call !== undefined) return;

  test('has the same values for import and require', async () => {
    const required: object = require(specifierOf(name));
    const imported: object = await import(require.resolve(specifierOf(name)).replace(/\.cjs$/, '.js'));
    const { default: ownDefault, ...others } = imported as Record<string, unknown>;
    expect(ownDefault).toBe(value === undefined ? undefined : required);
    for (const [key, exported] of Object.entries(others)) {
      if (key !== 'module.exports') expect(Reflect.get(required, key), key).toBe(exported);
    }
    const expected = [
      ...(names ?? Object.keys(required)),
      ...(like === undefined ? [] : Object.keys(require(like))),
    ];
    expect(Object.keys(others)).toEqual(expect.arrayContaining(expected.filter((key) => key !== 'default')));
  });
});
