import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, it } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));
const native = fileURLToPath(new URL('../../../native', import.meta.url));

/** The engine without its binding to JavaScript and without a platform. */
const engine = ['save', 'scheduler'].flatMap((room) =>
  readdirSync(join(native, room))
    .filter((name) => name.endsWith('.cc'))
    .map((name) => join(native, room, name)),
);

const names = [...readFileSync(join(here, 'decisions.cc'), 'utf8').matchAll(/^TEST\(\s*"([^"]+)"\)/gm)].map(
  ([, name]) => name ?? '',
);

const hasCompiler = spawnSync('c++', ['--version']).error === undefined;
if (!hasCompiler) process.stderr.write('decisions.test.ts is skipped: there is no C++ compiler\n');

describe.skipIf(!hasCompiler)('the native engine on a scripted system', () => {
  let directory = '';
  let program = '';

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'indelible-decisions-'));
    program = join(directory, 'decisions');
    const sources = [join(here, 'decisions.cc'), join(here, 'scripted_platform.cc'), ...engine];
    const compiled = spawnSync('c++', ['-std=c++17', '-O0', '-pthread', '-o', program, ...sources], {
      encoding: 'utf8',
    });
    assert.equal(compiled.status, 0, compiled.stderr);
  });

  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('lists the tests of decisions.cc', () => {
    assert.ok(names.length > 30);
  });

  for (const name of names) {
    it(name, () => {
      const { status, stderr } = spawnSync(program, [name], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    });
  }
});
