// Lets one application do its job, and prints what it then reads back, as JSON.
//   arguments: the application, the umask, the directory of its files, a directory for anything else
const [name, umask, directory, scratch] = process.argv.slice(2);
process.umask(Number.parseInt(umask, 8));
const { work } = await import(`./${name}.mjs`);
console.log(JSON.stringify(await work(directory, scratch)));
