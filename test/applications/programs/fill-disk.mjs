// Saves a little, and then more than the disk has room for. Prints the file, and the error's code and message.
//   arguments: the application, a directory
const [name, directory] = process.argv.slice(2);
const { open } = await import(`./${name}.mjs`);
const { file, save } = await open(directory);
await save({ version: 1 });
let error;
try {
  await save({ version: 2, padding: 'x'.repeat(3 * 2 ** 20) });
} catch (thrown) {
  error = thrown;
}
console.log(JSON.stringify({ file, code: error?.code, message: error?.message }));
