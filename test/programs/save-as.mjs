// Saves one file as an ordinary user, and prints what came of it as JSON.
//   argument: {"form", "path", "data", "options", "umask"?, "uid"?, "gid"?, "groups"?}
import { save, saveSync } from '../../dist/index.js';

const { form, path, data, options, umask, uid, gid, groups } = JSON.parse(process.argv[2]);

if (umask !== undefined) process.umask(umask);
// The modules are loaded by now: the user need not be able to read them.
if (uid !== undefined) {
  process.setgroups(groups ?? []);
  process.setgid(gid);
  process.setuid(uid);
}

try {
  const saved = form === 'save' ? await save(path, data, options) : saveSync(path, data, options);
  console.log(JSON.stringify({ saved }));
} catch ({ code, syscall, published, message }) {
  console.log(JSON.stringify({ error: { code, syscall, published, message } }));
}
