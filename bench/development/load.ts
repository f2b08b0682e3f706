// Measures the CPU time (user and system, of all threads) of a process that loads a library and saves one file
// synchronously, less that of an empty process. The processes take turns. Prints medians in milliseconds, and the ratio to
// write-file-atomic in the same format.
//   npm run bench:load -- [directory] [rounds]
// The prebuilt addon is measured if there is one (`npm run prebuilds -- --here`), as in an installed package.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [directory = tmpdir(), rounds = '51'] = process.argv.slice(2);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const place = mkdtempSync(join(directory, 'indelible-bench-'));
const prebuilt = existsSync(join(root, 'prebuilds', `${process.platform}-${process.arch}`));

/** The CPU time is that at the exit, in microseconds. */
const REPORT =
  "process.on('exit', () => { const { user, system } = process.cpuUsage(); require('node:fs').writeSync(1, String(user + system)); });";
const REQUIRE =
  "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);";

const competitor = createRequire(import.meta.url).resolve('write-file-atomic');
const LIBRARIES = {
  'write-file-atomic': { commonJs: competitor, es: competitor, save: 'library.sync' },
  indelible: {
    commonJs: join(root, 'dist/index.cjs'),
    es: join(root, 'dist/index.js'),
    save: 'library.saveSync',
  },
};

interface Subject {
  name: string;
  format: string;
  script: string;
  env: NodeJS.ProcessEnv;
  times: number[];
}

function subject(name: string, format: string, code: string, env: NodeJS.ProcessEnv = {}): Subject {
  const es = format === 'import';
  const script = join(place, `${name}-${format}`.replaceAll(/\W+/g, '-') + (es ? '.mjs' : '.cjs'));
  writeFileSync(script, es ? `${code}\n${REQUIRE}\n${REPORT}` : `${REPORT}\n${code}`);
  return { name, format, script, env, times: [] };
}

const file = JSON.stringify(join(place, 'file'));
const subjects = ['require', 'import'].flatMap((format) => [
  subject('nothing', format, ''),
  ...Object.entries(LIBRARIES).flatMap(([name, { commonJs, es, save }]) => {
    const load =
      format === 'require'
        ? `const library = require(${JSON.stringify(commonJs)});`
        : `import * as all from ${JSON.stringify(pathToFileURL(es).href)}; const library = all.default ?? all;`;
    const saving = `${load} ${save}(${file}, 'content');`;
    return [
      subject(name, format, load),
      subject(`${name}, a save`, format, saving),
      ...(name === 'indelible'
        ? [subject(`${name}, a save, portable`, format, saving, { INDELIBLE_ENGINE: 'portable' })]
        : []),
    ];
  }),
]);

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function timeOf(name: string, format: string): number {
  return median(subjects.find((one) => one.name === name && one.format === format)?.times ?? []);
}

try {
  for (let round = 0; round < Number(rounds); round += 1) {
    for (const { script, env, times } of subjects) {
      const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
        encoding: 'utf8',
        env: { ...process.env, ...(prebuilt && { PREBUILDS_ONLY: '1' }), ...env },
      });
      if (status !== 0) throw new Error(stderr);
      times.push(Number(stdout) / 1000);
    }
  }
  for (const { name, format } of subjects) {
    const net = timeOf(name, format) - timeOf('nothing', format);
    const other = `write-file-atomic${name.includes('a save') ? ', a save' : ''}`;
    const ratio = net / (timeOf(other, format) - timeOf('nothing', format));
    const result =
      name === 'nothing'
        ? `${timeOf(name, format).toFixed(1)} ms`
        : `+ ${net.toFixed(1)} ms, ratio ${ratio.toFixed(2)}`;
    process.stdout.write(`${format} ${name}: ${result}\n`);
  }
} finally {
  rmSync(place, { recursive: true });
}
