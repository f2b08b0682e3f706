// Calls a library or its drop-in as another user, and prints how each call ended, as JSON.
//   argument: {"library", "dropIn", "uid", "gid", "calls": [[path, data, options]]}
const { library, dropIn, uid, gid, calls } = JSON.parse(process.argv[2]);

// atomically asks for the user when it is loaded.
process.setgroups([]);
process.setgid(gid);
process.setuid(uid);
const values = await import(dropIn ? `../../dist/${library}.js` : library);
const asynchronous = {
  'write-file-atomic': values.default,
  atomically: values.writeFile,
  steno: (path, data) => new values.Writer(path).write(data),
}[library];
const forms = [asynchronous, values.sync ?? values.writeFileSync].filter((form) => form !== undefined);

const ends = [];
for (const form of forms) {
  for (const [path, data, options] of calls) {
    try {
      ends.push({ result: await form(`${path}-${forms.indexOf(form)}`, data, options) });
    } catch ({ code }) {
      ends.push({ code });
    }
  }
}
console.log(JSON.stringify(ends));
