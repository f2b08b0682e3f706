import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { resultOf } from './installation.js';
import type { Application, Form, SavedFile } from './table.js';

const UMASKS = ['022', '077'];

/**
 * Lets an application do its job in both forms, under two umasks. What it reads back must be the same, and so
 * must all files: their names, modes and content. In the replaced form, this package must have saved every one.
 */
export async function compareJobs(application: Application, scratch: string): Promise<string> {
  let files = 0;
  for (const umask of UMASKS) {
    const [original, replaced] = await Promise.all([
      doJob(application, 'original', umask, scratch),
      doJob(application, 'replaced', umask, scratch),
    ]);
    assert.deepEqual(replaced.result, original.result);
    assert.deepEqual(replaced.files, original.files);
    assert.notEqual(original.files.length, 0);
    assert.deepEqual(original.saved, []);
    assert.deepEqual(
      replaced.paths.filter((path) => !replaced.saved.includes(path)),
      [],
      'some files were not saved by this package',
    );
    files += replaced.files.length;
  }
  return `the same ${files} files and results under umask ${UMASKS.join(' and ')}`;
}

async function doJob(application: Application, form: Form, umask: string, scratch: string) {
  const { name, comparable = (file) => file } = application;
  const own = join(scratch, `${name}-${form}-${umask}`);
  const [directory, others, trace] = [join(own, 'files'), join(own, 'others'), join(own, 'trace')];
  for (const path of [directory, others]) mkdirSync(path, { recursive: true });
  const result = await resultOf({
    form,
    applications: [application],
    program: 'job.mjs',
    args: [name, umask, directory, others],
    trace,
  });
  const files = filesBelow(directory);
  const saved = existsSync(trace) ? readFileSync(trace, 'utf8').trimEnd().split('\n') : [];
  return {
    result,
    files: files.map(comparable).sort((a, b) => (a.path < b.path ? -1 : 1)),
    paths: files.map(({ path }) => path),
    saved: saved.map((path) => relative(directory, path)).filter((path) => !path.startsWith('..')),
  };
}

function filesBelow(directory: string): SavedFile[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return {
        path: relative(directory, file),
        mode: statSync(file).mode.toString(8),
        content: readFileSync(file, 'utf8'),
      };
    });
}
