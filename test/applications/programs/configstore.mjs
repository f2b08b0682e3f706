import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import Configstore from 'configstore';

const inDirectory = (directory) => ({ configPath: join(directory, 'demo.json') });

export function work(directory) {
  const settings = new Configstore('demo', { theme: 'light' }, inDirectory(directory));
  settings.set('window.width', 1024);
  settings.set({ recent: ['one', 'two'], name: 'für alle 日本 🙂' });
  settings.delete('theme');
  chmodSync(settings.path, 0o644);
  settings.set('later', true);
  new Configstore('demo', {}, inDirectory(join(directory, 'a/new/directory'))).set('deep', 1);
  return new Configstore('demo', undefined, inDirectory(directory)).all;
}

export function open(directory) {
  const settings = new Configstore('demo', undefined, inDirectory(directory));
  return { file: settings.path, save: (value) => settings.set('value', value) };
}
