/**
 * Runs the behaviour suite on all supported runtimes, with the prebuilt addon and with the portable engine.
 *
 *     npm run test:runtimes [-- --only node-22,bun] [-- files of the suite]
 *
 * First installs the runtimes below packaging/runtimes/. Prints a table. Fails if a test or a runner fails.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { markdownTable } from 'markdown-table';
import { outputOf, projectRoot } from './run.js';

interface Runtime {
  name: string;
  program: string;
  /** The arguments before the name of the script. */
  args: readonly string[];
}

/** Tests that fail on a runtime, and the reason, as documented in docs/install.md. */
const KNOWN: Record<string, readonly { tests: RegExp; reason: string }[]> = {
  deno: [
    {
      tests: /indelible\/fs does what fs does|the names and the parameters of those of fs/,
      reason: 'its own fs does not do in every case what that of Node.js does, as indelible/fs does',
    },
    {
      tests:
        /(by|in) a process without privileges|for a user without privileges|that may be written but not read|loses another group's ACL|of a file that its owner may not write|keeps what it may not read|where no second name is allowed|sticky directory of another user|has the rights of the group only if it belongs to it/,
      reason: 'not tested without privileges, since there is no process.setgroups to give them up',
    },
    {
      tests:
        /openTemporary|TemporaryFile|^(link|replace)(Sync)? (refuses|of a temporary)|(on|by) a temporary file|option of a temporary/,
      reason: "openTemporary is refused: Deno's descriptors are not the system's",
    },
    {
      tests: /^a process that has few descriptors left saves 128 files at once/,
      reason: 'Deno itself panics if it finds no free descriptor (ext/signals), which happens in some runs',
    },
    { tests: /^under Node's permission model/, reason: 'it has another permission model' },
    {
      tests: /^a path (may be|is refused if it is) an object like a URL/,
      reason: 'url.fileURLToPath refuses an object like a URL',
    },
    {
      tests: /^a number that is out of range gets the error of fs\.writeFile/,
      reason: 'its fs takes every number as a mode',
    },
    { tests: /not UTF-8|of any bytes/, reason: 'fs has no paths that are not UTF-8' },
    {
      tests: /given another mode meanwhile/,
      reason:
        'fs.stat gives the time of a change in whole seconds, so the portable engine may not notice one',
    },
    {
      tests:
        /rejects on a full disk, and keeps the old file|leaves the old link and nothing else if the new text is too long/,
      reason: 'fs.write and the like fail with errors that have a code, but no syscall and no errno',
    },
    { tests: /beyond the process's file size limit/, reason: 'SIGXFSZ is not ignored, and ends the process' },
  ],
  bun: [
    {
      tests: /indelible\/fs does what fs does|the names and the parameters of those of fs/,
      reason: 'its own fs does not do in every case what that of Node.js does, as indelible/fs does',
    },
    {
      tests:
        /^(process\.exit\(\) with saves under way leaves|a process with an open save stream ends .*\(exit\))/,
      reason: 'process.exit() does not wait for the clean-up of an addon',
    },
    {
      tests: /^replaceSymlink(Sync)? leaves the old link and nothing else if the new text is too long/,
      reason: 'fs.symlink refuses a text that is too long with an error of another form',
    },
    { tests: /^under Node's permission model/, reason: 'it has no permission model' },
    {
      tests: /^a path (may be|is refused if it is) an object like a URL/,
      reason: 'url.fileURLToPath refuses an object like a URL, as its own fs does',
    },
    {
      tests: /^a working directory deeper than the longest path/,
      reason: 'process.chdir() does not enter a directory whose path is longer than PATH_MAX',
    },
    {
      tests: /^a number that is out of range gets the error of fs\.writeFile: (1099511627776|7{14}) as mode/,
      reason: 'fs writes a large number in the text of an error without the underscores of Node.js',
    },
  ],
};

/** Test files that cannot run on a runtime, and the reason. */
const LEFT_OUT: Record<string, readonly { file: string; reason: string }[]> = {
  bun: [
    {
      file: 'test/behaviour/ending.test.ts',
      reason: 'after Worker.terminate() Bun may run in an endless loop',
    },
  ],
  deno: [
    {
      file: 'test/behaviour/sweep.test.ts',
      reason: "after child.kill('SIGSTOP') the child process counts as ended",
    },
    {
      file: 'test/behaviour/update-across-processes.test.ts',
      reason: 'the same: its tests would wait for a stopped process without end',
    },
    {
      file: 'test/behaviour/fake-timers.test.ts',
      reason: 'with the fake timers of node:test a wait for another update does not time out',
    },
  ],
};

/** The part of vitest's JSON report that is used here. */
interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  testResults: { name: string; message: string; assertionResults: { fullName: string; status: string }[] }[];
}

const directory = join(projectRoot, 'packaging/runtimes');
const packages = join(directory, 'node_modules');

const node = (version: number): Runtime => ({
  name: `node-${version}`,
  program: join(packages, `node-${version}-${process.arch}/bin/node`),
  args: [],
});
const runtimes: readonly Runtime[] = [
  ...[20, 22, 24, 26].map(node),
  {
    name: 'bun',
    program: join(packages, `@oven/bun-linux-${process.arch === 'arm64' ? 'aarch64' : 'x64'}/bin/bun`),
    args: ['--bun'],
  },
  {
    name: 'deno',
    program: join(packages, `@deno/linux-${process.arch}-glibc/deno`),
    args: ['run', '--allow-all'],
  },
];

/** Runs the suite with one engine on one runtime. */
function runSuite(
  { name, program, args }: Runtime,
  engine: string,
  files: readonly string[],
  scratch: string,
) {
  const file = join(scratch, 'report.json');
  rmSync(file, { force: true });
  const without = (LEFT_OUT[name] ?? []).map((one) => `--exclude=${one.file}`);
  const suite = ['run', '--project', engine, ...without, '--reporter=json', `--outputFile=${file}`, ...files];
  const { status } = spawnSync(
    program,
    [...args, join(projectRoot, 'node_modules/vitest/vitest.mjs'), ...suite],
    {
      cwd: projectRoot,
      // node-gyp-build looks here first, so that the prebuild is tested, not the addon compiled on this machine.
      env: { ...process.env, INDELIBLE_PREBUILD: scratch },
      stdio: ['ignore', 'ignore', 'inherit'],
    },
  );
  if (!existsSync(file)) return { status, report: undefined };
  const report: Report = JSON.parse(readFileSync(file, 'utf8'));
  return { status, report };
}

function failuresIn({ testResults }: Report): string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const failed = assertionResults.filter(({ status }) => status === 'failed');
    if (failed.length > 0) return failed.map(({ fullName }) => fullName);
    return message === '' ? [] : [`${name}: ${message.split('\n', 1)[0]}`];
  });
}

const { values, positionals } = parseArgs({ options: { only: { type: 'string' } }, allowPositionals: true });
const only = values.only?.split(',');
if (!existsSync(join(packages, '.package-lock.json'))) {
  mkdirSync(packages, { recursive: true });
  outputOf('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: directory });
}

const scratch = mkdtempSync(join(tmpdir(), 'indelible-runtimes-'));
const rows: string[][] = [];
try {
  // Some tests save as other users.
  chmodSync(scratch, 0o755);
  symlinkSync(join(projectRoot, 'prebuilds'), join(scratch, 'prebuilds'));
  for (const runtime of runtimes) {
    if (only?.includes(runtime.name) === false) continue;
    const version = outputOf(runtime.program, ['--version']).split('\n', 1)[0] ?? '';
    for (const engine of ['native', 'portable']) {
      process.stderr.write(`${runtime.name}, ${engine}\n`);
      const { status, report } = runSuite(runtime, engine, positionals, scratch);
      const failures = report === undefined ? ['the runner'] : failuresIn(report);
      const known = new Set<string>();
      const unknown = failures.filter((failure) => {
        const reason = KNOWN[runtime.name]?.find(({ tests }) => tests.test(failure))?.reason;
        if (reason !== undefined) known.add(reason);
        return reason === undefined;
      });
      for (const failure of unknown) process.stderr.write(`FAILS: ${failure}\n`);
      const counts = [report?.numPassedTests, report?.numFailedTests, report?.numPendingTests];
      const ran = (report?.numPassedTests ?? 0) > 0 && (status === 0 || failures.length > 0);
      const holds = ran && unknown.length === 0;
      if (!holds) process.exitCode = 1;
      const leftOut = (LEFT_OUT[runtime.name] ?? []).map((one) => `${one.file} left out: ${one.reason}`);
      const result = holds ? ['passes', ...known, ...leftOut].join('; but ') : 'FAILS';
      rows.push([runtime.name, version, engine, ...counts.map(String), result]);
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
const head = ['runtime', 'version', 'engine', 'passed', 'failed', 'skipped', 'result'];
console.log(markdownTable([head, ...rows], { align: ['l', 'l', 'l', 'r', 'r', 'r', 'l'] }));
