import { join } from 'node:path';
import { Low } from 'lowdb';
import { JSONFilePreset, TextFile } from 'lowdb/node';

export async function work(directory) {
  const file = join(directory, 'db.json');
  const db = await JSONFilePreset(file, { posts: [] });
  await db.update(({ posts }) => posts.push({ id: 0, title: 'für alle 日本 🙂' }));
  // The adapter joins those that wait.
  await Promise.all(
    Array.from({ length: 20 }, (_, id) => db.update(({ posts }) => posts.push({ id: id + 1, title: '' }))),
  );
  return (await JSONFilePreset(file, {})).data;
}

export async function open(directory) {
  const file = join(directory, 'db.json');
  const db = await JSONFilePreset(file, {});
  return {
    file,
    save(value) {
      db.data = { value };
      return db.write();
    },
  };
}

/** For the crash lab, which judges a file by its bytes: the file is the text, not JSON. */
export async function saveText(directory, name, text) {
  const db = new Low(new TextFile(join(directory, name)), '');
  db.data = text;
  await db.write();
}
