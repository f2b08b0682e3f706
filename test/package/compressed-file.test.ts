import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readCompressed } from '../../bench/measure/package-files.js';

for (const name of ['see-it-work.html', 'crash-results.json']) {
  test(`the command reads the content of docs/${name}`, () => {
    const original = readFileSync(new URL(`../../docs/${name}`, import.meta.url));
    expect(readCompressed(name).equals(original)).toBe(true);
  });
}
