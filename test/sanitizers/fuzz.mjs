// Calls the addon and the library at random, in one process after another (fuzz-process.mjs), over the sanitized
// addon. A process must end by itself, without a report of a sanitizer, and leave whole files and no temporary.
// The calls of a process follow from its seed; how they overlap does not.
//   npm run fuzz -- --seconds 600 [--seed 1]
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { sweepSync } from '../../dist/index.js';
import { assertWhole } from '../programs/version.mjs';
import { run, withSanitizedAddon } from './sanitized.mjs';

const PROGRAM = fileURLToPath(new URL('fuzz-process.mjs', import.meta.url));
const SECONDS_EACH = 10;
/** A process that takes this many milliseconds longer hangs. */
const HANGS_AFTER = 120_000;

/** What is wrong after a process. Only files of versions are in `whole`. */
function complaints(directory, { status, signal, stdout, stderr }) {
  const found = [];
  if (status !== 0 || stderr !== '') found.push(`ended with ${signal ?? status}: ${stderr.slice(-20_000)}`);
  const whole = join(directory, 'whole');
  // process.exit() leaves a temporary of openTemporary to a sweep.
  if (stdout.endsWith('exit\n')) sweepSync(whole);
  for (const name of readdirSync(whole)) {
    if (name.startsWith('.')) found.push(`left ${name}`);
    else {
      try {
        assertWhole(readFileSync(join(whole, name)));
      } catch (error) {
        found.push(`${name}: ${error.message}`);
      }
    }
  }
  return found.length === 0 ? [] : [...found, `after ${stdout}`];
}

/**
 * Fuzzes for some seconds.
 *
 * @param seed of the first process. Default: from the time.
 * @throws if a process misbehaves, with its seed.
 */
export function fuzz(seconds, seed = Date.now() % 1_000_000_000, environment = {}) {
  const end = Date.now() + seconds * 1000;
  for (let each = seed; Date.now() < end; each += 1) {
    const directory = mkdtempSync(join(tmpdir(), 'indelible-fuzz-'));
    try {
      for (const name of ['whole', 'junk']) mkdirSync(join(directory, name));
      const milliseconds = Math.min(SECONDS_EACH * 1000, Math.max(1000, end - Date.now()));
      const ended = spawnSync(process.execPath, [PROGRAM, directory, `${each}`, `${milliseconds}`], {
        encoding: 'utf8',
        // Node warns in a worker thread about the close of a descriptor that the addon has opened.
        env: { ...process.env, INDELIBLE_ENGINE: 'native', NODE_NO_WARNINGS: '1', ...environment },
        maxBuffer: 2 ** 30,
        timeout: milliseconds + HANGS_AFTER,
        killSignal: 'SIGABRT',
      });
      const found = complaints(directory, ended);
      if (found.length > 0) throw new Error(`--seed ${each}\n${found.join('\n')}`);
      console.log(`seed ${each}: ${ended.stdout.trim()}`);
    } finally {
      // The directories are deeper than the stack that rmSync would need.
      run('rm', ['-rf', directory]);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' } },
  });
  const seed = values.seed === undefined ? undefined : Number(values.seed);
  withSanitizedAddon((environment) => fuzz(Number(values.seconds), seed, environment));
}
