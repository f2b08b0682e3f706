/** Which code the crash lab has tested: what is not the same code any more is shown as `untested`. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import type { CrashResults } from '../bench/measure/guarantee.js';
import { withoutComments } from './distribution/comments.js';

/** Everything that a save of this package goes through on Linux, where the lab runs. */
const OWN = ['native', ...['addon', 'base', 'engine', 'filesystem', 'fs'].map((room) => `src/${room}`)];
const OF_OTHER_SYSTEMS = /^native\/platform\/(macos|nt_|windows)/;
const OWN_CALLS = ['save', 'save-source'].map((name) => `src/api/${name}.ts`);
/** The recipes that are written by hand: what the benchmark measures, and what the lab runs. */
const BY_HAND = ['bench/contenders/textbook.ts', 'test/lab/textbook.ts', 'test/lab/scenarios/controls.ts'];
/** The libraries that the lab tests. */
const LIBRARIES = ['write-file-atomic', 'atomically', 'fast-write-atomic', 'steno'];

/** The commit, with `-dirty` if files of it were changed. `unknown` outside of a repository. */
export function presentCommit(root: string): string {
  const args = ['describe', '--always', '--dirty', '--exclude=*'];
  const { status, stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : 'unknown';
}

/** By package: a version, or the hash of its code without comments. */
export function presentCode(root: string): Record<string, string> {
  return {
    indelible: hashOf(root, [...OWN.flatMap((folder) => sourcesBelow(root, folder)), ...OWN_CALLS]),
    node: hashOf(root, BY_HAND),
    ...Object.fromEntries(LIBRARIES.map((name) => [name, versionOf(root, name)])),
  };
}

/** The code of a lab's results, as far as it is that of the sources. Of libraries, the user may have other versions. */
export function confirmedCode({ code = {} }: CrashResults, root: string): Record<string, string> {
  const present = presentCode(root);
  const ofThisProject = (name: string) => name === 'indelible' || name === 'node';
  return Object.fromEntries(
    Object.entries(code).filter(([name, tested]) => !ofThisProject(name) || present[name] === tested),
  );
}

/** The part of a lab's results that may be shown. Without any code that is the same today, that is none. */
export function confirmedResults(crashed: CrashResults, root: string): CrashResults {
  const code = confirmedCode(crashed, root);
  return { ...crashed, code, results: Object.keys(code).length === 0 ? [] : crashed.results };
}

function hashOf(root: string, files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files.toSorted()) {
    const text = readFileSync(join(root, file), 'utf8');
    const code = file.endsWith('.ts')
      ? transformSync(text, { loader: 'ts', minifyWhitespace: true, legalComments: 'none' }).code
      : withoutComments(text);
    hash.update(JSON.stringify([file, code]));
  }
  return hash.digest('hex').slice(0, 16);
}

function sourcesBelow(root: string, folder: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => /\.(ts|cc|h)$/.test(name))
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((path) => !OF_OTHER_SYSTEMS.test(path));
}

function versionOf(root: string, name: string): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8'),
  );
  return manifest.version;
}
