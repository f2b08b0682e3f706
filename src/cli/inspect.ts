import type { Command } from 'commander';
import { inspect } from '../api/inspect.js';
import { describeFilesystem } from '../filesystem/description.js';

const EXPLANATION = `
Nothing is written. Of a PATH that does not exist yet, its nearest parent is
inspected. Exit status: 0 every PATH is inspected, 1 some PATH cannot be, 2 wrong
usage; warnings do not change it.
`;

/** `indelible inspect`: what lies under a path, how `save` goes about it there, and why. */
export function addInspectCommand(program: Command): void {
  program
    .command('inspect')
    .summary('tell what a disk promises, and how files are saved on it')
    .description('Tells what lies under each PATH, how files are saved there, and why.')
    .argument('[path...]', 'files or directories', ['.'])
    .option('--json', 'print one JSON array instead of text', false)
    .addHelpText('after', EXPLANATION)
    .action(async (paths: string[], { json }: { json: boolean }) => {
      const filesystems = await Promise.all(paths.map((path) => inspect(path)));
      process.stdout.write(
        json
          ? `${JSON.stringify(filesystems, nullForUndefined, 2)}\n`
          : filesystems.map((one, index) => describeFilesystem(paths[index] ?? one.path, one)).join('\n'),
      );
    });
}

/** JSON leaves out what is undefined, and a reader could not tell what is hidden from what does not exist yet. */
function nullForUndefined(_key: string, value: unknown): unknown {
  return value === undefined ? null : value;
}
