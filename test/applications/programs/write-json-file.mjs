import { chmodSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeJsonFile, writeJsonFileSync } from 'write-json-file';

export async function work(directory) {
  const file = (name) => join(directory, name);
  await writeJsonFile(file('async.json'), { b: 1, a: 'für alle 日本 🙂' }, { sortKeys: true, indent: 2 });
  await writeJsonFile(file('async.json'), { b: 2, a: 'indented as before' }, { detectIndent: true });
  // All with the same content: write-json-file makes the directory first, so the order is not that of the calls.
  await Promise.all(
    Array.from({ length: 20 }, () => writeJsonFile(file('often.json'), { padding: 'x'.repeat(9_999) })),
  );
  writeJsonFileSync(file('sync.json'), { one: [1, 2] });
  chmodSync(file('sync.json'), 0o640);
  writeJsonFileSync(file('sync.json'), { one: [1, 2, 3] });
  await writeJsonFile(file('private.json'), {}, { mode: 0o600 });
  writeJsonFileSync(file('a/new/directory/deep.json'), null);
  return JSON.parse(await readFile(file('async.json'), 'utf8'));
}

export function open(directory) {
  const file = join(directory, 'file.json');
  return { file, save: (value) => writeJsonFile(file, { value }) };
}
