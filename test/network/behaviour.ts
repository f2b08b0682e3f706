import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PROJECT_ROOT } from '../lab/project-root.js';
import type { PartResult } from './results.js';
import { settled } from './wait.js';

export const FILESYSTEMS = ['glusterfs', 'sshfs', 'bindfs'] as const;
export type Filesystem = (typeof FILESYSTEMS)[number];
type Engine = 'native' | 'portable';

/** What has not ended by then hangs. The tests of one part take less than a minute; with `--all`, an hour. */
const GUARD_MS = 10 * 60_000;

/** What matters most where a server is behind the calls. */
const EVERYWHERE = ['exclusive', 'rename-exclusive', 'result', 'symbolic-link'];

/**
 * The files of `test/behaviour` that run on each filesystem, with each engine. A save on this GlusterFS takes about 20 ms
 * of processor time, and some files save thousands of times, so CI runs a part; `--all` runs every file.
 */
const FILES: Readonly<Record<Filesystem, Readonly<Record<Engine, readonly string[]>>>> = {
  glusterfs: {
    native: [...EVERYWHERE, 'attributes', 'exchange', 'extended-attributes', 'replace-symlink'],
    portable: [...EVERYWHERE, 'attributes'],
  },
  sshfs: { native: EVERYWHERE, portable: EVERYWHERE },
  bindfs: { native: EVERYWHERE, portable: EVERYWHERE },
};

/** The part of a report of vitest's JSON reporter that is used. */
interface Report {
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: {
      fullName: string;
      status: string;
      failureMessages: string[];
      /** By test/platforms/setup.ts. */
      meta: { inapplicable?: string };
    }[];
  }[];
}

/** Runs behaviour files whose scratch directories are on a filesystem. */
export async function runBehaviour(
  filesystem: Filesystem,
  engine: Engine,
  directory: string,
  all: boolean,
): Promise<PartResult> {
  const files = FILES[filesystem][engine].map((name) => `test/behaviour/${name}.test.ts`);
  const output = join(PROJECT_ROOT, `build/network/${filesystem}-${engine}.json`);
  const child = spawn(
    process.execPath,
    [
      ...['node_modules/vitest/vitest.mjs', 'run', '--project', engine],
      ...['--reporter=json', `--outputFile=${output}`],
      ...(all ? ['test/behaviour'] : files),
    ],
    {
      cwd: PROJECT_ROOT,
      env: { ...process.env, INDELIBLE_TESTS_ON: filesystem, INDELIBLE_TESTS_IN: directory },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const ended = Promise.all([once(child, 'close'), text(child.stdout), text(child.stderr)]);
  const [, , said] = await settled('the tests end', ended, all ? 10 * GUARD_MS : GUARD_MS);
  return outcomeOf(output, said);
}

function outcomeOf(output: string, said: string): PartResult {
  let report: Report;
  try {
    report = JSON.parse(readFileSync(output, 'utf8'));
  } catch {
    throw new Error(`vitest has not run: ${said}`);
  }
  const outcome = { passed: 0, inapplicable: 0, skipped: 0 };
  const failures: string[] = [];
  for (const { name, status, message, assertionResults } of report.testResults) {
    const file = name.replace(/.*\//, '');
    if (status === 'failed' && assertionResults.every((test) => test.status !== 'failed')) {
      failures.push(`${file}: ${message}`);
    }
    for (const { fullName, status, failureMessages, meta } of assertionResults) {
      if (status === 'failed')
        failures.push(`${file}: ${fullName}\n    ${failureMessages[0]?.slice(0, 500)}`);
      else if (meta.inapplicable !== undefined) outcome.inapplicable += 1;
      else if (status === 'passed') outcome.passed += 1;
      else outcome.skipped += 1;
    }
  }
  return {
    ...outcome,
    failures,
    ...(outcome.skipped > 0 && { shown: `${outcome.skipped} skipped by themselves` }),
  };
}
