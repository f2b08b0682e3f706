import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { MEMORY } from '../machine.js';
import { ended, startProgram } from '../node-process.js';
import { engineUnderTest } from './engine-under-test.js';

/**
 * So many that V8's young generation, 100 MB with Node.js 24, is little for each. The portable engine takes a minute for
 * a hundred thousand.
 */
const COUNT = engineUnderTest === 'native' ? 100_000 : 40_000;

/** What the program measured in its own process. */
interface Watched {
  descriptors: number;
  threads: number;
  /** Pending saves at the first turn of the event loop. */
  left: number;
  /** Turns of the event loop until no save was pending. */
  turns: number;
  /** Bytes per save. */
  memory: number;
}

describe.skipIf(process.platform !== 'linux' || !existsSync(MEMORY))(`${COUNT} saves in one go`, () => {
  let directory: string;
  let watched: Watched;

  beforeAll(async () => {
    directory = mkdtempSync(join(MEMORY, 'indelible-test-'));
    const { code, stdout, stderr } = await ended(startProgram('save-flood.mjs', [directory, String(COUNT)]));
    assert.equal(code, 0, stderr);
    watched = JSON.parse(stdout) as Watched;
  });

  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  it('have few descriptors open', () => {
    assert.ok(watched.descriptors < 1000, `${watched.descriptors} descriptors were open at once`);
  });

  it('run on few threads', () => {
    assert.ok(watched.threads < 64, `${watched.threads} threads ran at once`);
  });

  it('take little memory beside their data', () => {
    assert.ok(watched.memory < 8192, `each save took ${watched.memory} bytes`);
  });

  it('let the event loop run', () => {
    const { left, turns } = watched;
    // With a sanitizer the calls may take so long that no save is pending at the first turn.
    assert.ok(
      turns >= Math.min(100, Math.floor(left / 100)),
      `the event loop ran only ${turns} turns, for ${left} saves`,
    );
  });

  it('leave no temporary', () => {
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.startsWith('.')),
      [],
    );
  });
});
