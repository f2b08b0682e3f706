// Calls one function of the library as another user, and prints the outcome as JSON.
//   argument: {"call", "arguments", "umask"?, "uid"?, "gid"?, "groups"?}
import fs from 'node:fs';
import replacedFs from '../../dist/fs.js';
import { exchange, exchangeSync, save, saveSync, sweepSync, update } from '../../dist/index.js';

const CALLS = {
  exchange,
  exchangeSync,
  save,
  saveSync,
  sweepSync,
  update: (path, content, options) => update(path, () => content, options),
  'fs.writeFileSync': fs.writeFileSync,
  'indelible/fs.writeFileSync': replacedFs.writeFileSync,
  'indelible/fs.promises.writeFile': replacedFs.promises.writeFile,
};

const { call, arguments: given, umask, uid, gid, groups } = JSON.parse(process.argv[2]);

if (umask !== undefined) process.umask(umask);
// What the call loads (the addon, files of dist/) the user must be able to read.
if (uid !== undefined) {
  process.setgroups(groups ?? []);
  process.setgid(gid);
  process.setuid(uid);
}

try {
  console.log(JSON.stringify({ result: await CALLS[call](...given) }));
} catch ({ code, syscall, published, message }) {
  console.log(JSON.stringify({ error: { code, syscall, published, message } }));
}
