import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { ended, startProgram } from '../node-process.js';

/** A filesystem in memory, where so many saves take seconds. */
const MEMORY = '/dev/shm';
/** So many that V8's young generation, 100 MB with Node.js 24, is little for each. */
const COUNT = 100_000;

/** What the program has seen of its own process. */
interface Watched {
  descriptors: number;
  threads: number;
  /** Saves when the event loop first came round. */
  left: number;
  /** How often it did until there were none. */
  turns: number;
  /** Bytes a save. */
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
    assert.ok(watched.descriptors < 1000, `${watched.descriptors} were open at once`);
  });

  it('run on few threads', () => {
    assert.ok(watched.threads < 64, `${watched.threads} ran at once`);
  });

  it('take little memory beside their data', () => {
    assert.ok(watched.memory < 8192, `each took ${watched.memory} bytes`);
  });

  it('let the event loop go round', () => {
    const { left, turns } = watched;
    // Slowed down by a sanitizer, the calls may take so long that no save is left by then.
    assert.ok(
      turns >= Math.min(100, Math.floor(left / 100)),
      `it went round ${turns} times only, for ${left} saves`,
    );
  });

  it('leave no temporary', () => {
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.startsWith('.')),
      [],
    );
  });
});
