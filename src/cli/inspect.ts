import type { Command } from 'commander';
import { inspect } from '../api/inspect.js';
import { describeFilesystem } from '../filesystem/description.js';
import { noteMissingAddon } from './engine-note.js';

const EXPLANATION = `
Nothing is written. If a PATH does not exist, its nearest existing parent is
inspected. Exit status: 0 every PATH is inspected, 1 a PATH cannot be inspected,
2 wrong usage. Warnings do not change it.
`;

/** `indelible inspect`: describes the filesystem under a path, and how `save` works there. */
export function addInspectCommand(program: Command): void {
  program
    .command('inspect')
    .summary('describe a filesystem, and how files are saved on it')
    .description('Describes the filesystem under each PATH, how files are saved there, and why.')
    .argument('[path...]', 'files or directories', ['.'])
    .option('--json', 'print one JSON array instead of text')
    .addHelpText('after', EXPLANATION)
    .action(async (paths: string[], { json }: { json?: boolean }) => {
      noteMissingAddon();
      const filesystems = await Promise.all(paths.map((path) => inspect(path)));
      process.stdout.write(
        json
          ? `${JSON.stringify(filesystems, nullForUndefined, 2)}\n`
          : filesystems.map((one, index) => describeFilesystem(paths[index] ?? one.path, one)).join('\n'),
      );
    });
}

/** `null` says that a value is unknown. JSON would leave out `undefined`. */
function nullForUndefined(_key: string, value: unknown): unknown {
  return value === undefined ? null : value;
}
