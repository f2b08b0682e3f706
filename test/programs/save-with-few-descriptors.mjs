// Saves 128 files at once by one call, and prints how many were saved, and the codes of the errors.
//   arguments: directory, name of the call, number of free descriptors
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { save, saveAll, saveAllSync } from '../../dist/index.js';

const [directory, call, free] = process.argv.slice(2);
const files = Array.from({ length: 128 }, (_, index) => ({
  path: join(directory, `${index}`),
  data: `content ${index}`,
}));
const inDirectories = files.map(({ data }, index) => ({
  path: join(directory, `a${index}`, 'b', 'c'),
  data,
}));
const saveEach = (given, options) => Promise.all(given.map(({ path, data }) => save(path, data, options)));

const calls = {
  save: () => saveEach(files),
  saveAll: () => saveAll(files),
  saveAllSync: async () => saveAllSync(files),
  'saveAllSync after save': async () => {
    const earlier = saveEach(files.map(({ path }) => ({ path, data: 'earlier' })));
    const saved = saveAllSync(files);
    await earlier;
    return saved;
  },
  'saveAllSync with makeDirectories': async () => saveAllSync(inDirectories, { makeDirectories: true }),
  'saveAll with makeDirectories': () => saveAll(inDirectories, { makeDirectories: true }),
  'save with a deep path': async () => {
    const path = `${directory}${'/d'.repeat(100)}/file`;
    return [await save(path, 'content 0', { makeDirectories: true })];
  },
};

// Loads everything.
await save(join(directory, 'first'), 'first');
const used = new Set(readdirSync('/proc/self/fd').map(Number));
let limit = 0;
for (let unused = 0; unused < Number(free); limit += 1) if (!used.has(limit)) unused += 1;
execFileSync('prlimit', ['--pid', `${process.pid}`, `--nofile=${limit}`]);

try {
  const saved = await calls[call]();
  const whole = saved.filter(({ path }, index) => readFileSync(path, 'utf8') === `content ${index}`);
  console.log(`${whole.length} saved`);
} catch (error) {
  const codes = (error.errors ?? [error]).map(({ code }) => code);
  console.log(`${codes.length} failed: ${[...new Set(codes)]}`);
}
