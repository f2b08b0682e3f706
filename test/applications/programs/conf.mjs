import { chmodSync } from 'node:fs';
import Conf from 'conf';

const options = { projectName: 'demo', configName: 'settings' };
const defaults = { theme: 'light', window: { width: 800, height: 600 } };

export function work(directory) {
  const settings = new Conf({ ...options, cwd: directory, defaults });
  settings.set('window.width', 1024);
  settings.set({ recent: ['one', 'two'], name: 'für alle 日本 🙂' });
  settings.delete('theme');
  chmodSync(settings.path, 0o640);
  settings.set('later', true);
  new Conf({ ...options, cwd: directory, configName: 'private', configFileMode: 0o600 }).set('token', 'x');
  new Conf({ ...options, cwd: `${directory}/a/new/directory` }).set('deep', 1);
  return { store: new Conf({ ...options, cwd: directory }).store, size: settings.size };
}

export function open(directory) {
  const settings = new Conf({ ...options, cwd: directory });
  return { file: settings.path, save: (value) => settings.set('value', value) };
}

/** For the crash lab, which judges a file by its bytes: the file is the text, not JSON. */
export function saveText(directory, name, text) {
  const settings = new Conf({
    projectName: 'demo',
    cwd: directory,
    configName: name,
    fileExtension: '',
    serialize: ({ text }) => text,
    deserialize: (text) => ({ text }),
  });
  settings.store = { text };
}
