import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readCompressed } from '../../bench/measure/package-files.js';
import { confirmedResults } from '../../packaging/tested-code.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

function original(name: string): Buffer {
  return readFileSync(`${root}docs/${name}`);
}

test('the command reads the content of docs/see-it-work.html', () => {
  expect(readCompressed('see-it-work.html').equals(original('see-it-work.html'))).toBe(true);
});

test('the command reads the results of docs/crash-results.json that are those of the present code', () => {
  const read: unknown = JSON.parse(readCompressed('crash-results.json').toString());
  expect(read).toEqual(confirmedResults(JSON.parse(original('crash-results.json').toString()), root));
});
