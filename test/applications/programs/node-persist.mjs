import storage from 'node-persist';

export async function work(dir) {
  const items = storage.create({ dir });
  await items.init();
  await items.setItem('name', 'für alle 日本 🙂');
  await items.setItem('counter', { count: 1 });
  await items.updateItem('counter', { count: 2 });
  await Promise.all(
    Array.from({ length: 20 }, (_, index) => items.setItem(`item ${index}`, 'x'.repeat(index))),
  );
  await items.removeItem('item 7');
  const again = storage.create({ dir });
  await again.init();
  return (await again.data()).sort((a, b) => (a.key < b.key ? -1 : 1));
}

export async function open(dir) {
  const items = storage.create({ dir, writeQueue: false });
  await items.init();
  return {
    file: items.getDatumPath('value'),
    save: (value) => items.setItem('value', value),
  };
}
