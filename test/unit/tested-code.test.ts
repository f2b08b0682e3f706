import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { confirmedCode, presentCode } from '../../packaging/tested-code.js';

const LIBRARIES = ['write-file-atomic', 'atomically', 'fast-write-atomic', 'steno'];
const SOURCES = [
  'native/save/save_job.cc',
  ...['addon', 'base', 'engine', 'filesystem', 'fs'].map((room) => `src/${room}/file.ts`),
  'src/api/save.ts',
  'src/api/save-source.ts',
  'bench/contenders/textbook.ts',
  'test/lab/textbook.ts',
  'test/lab/scenarios/controls.ts',
];

describe('the code that the crash lab has tested', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'indelible-test-'));
    for (const source of SOURCES) write(source, 'f(1);\n');
    for (const name of LIBRARIES) write(`node_modules/${name}/package.json`, '{"version":"1.2.3"}');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function write(name: string, text: string): void {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const confirmed = (code?: Record<string, string>) =>
    Object.keys(confirmedCode({ schema: 'indelible-crash/1', results: [], ...(code && { code }) }, root));

  it('is the present code as long as only comments change', () => {
    const tested = presentCode(root);
    assert.deepEqual(confirmed(tested), ['indelible', 'node', ...LIBRARIES]);
    for (const source of SOURCES) write(source, '// Why it is so.\nf(1);\n');
    assert.deepEqual(presentCode(root), tested);
  });

  for (const source of SOURCES) {
    it(`is not the present code after a change in ${source}`, () => {
      const tested = presentCode(root);
      write(source, 'f(2);\n');
      const changed = source.startsWith('native/') || source.startsWith('src/') ? 'indelible' : 'node';
      assert.deepEqual(
        confirmed(tested),
        ['indelible', 'node', ...LIBRARIES].filter((name) => name !== changed),
      );
    });
  }

  it('is the present code after a change for another system', () => {
    const tested = presentCode(root);
    for (const name of ['windows.cc', 'windows_path.h', 'macos.cc', 'nt_calls.h']) {
      write(`native/platform/${name}`, 'f(2);\n');
    }
    assert.deepEqual(presentCode(root), tested);
  });

  it('is unknown in results of earlier versions of the lab', () => {
    assert.deepEqual(confirmed(), []);
  });
});
