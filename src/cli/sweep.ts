import { join } from 'node:path';
import type { Command } from 'commander';
import { sweep } from '../api/sweep.js';

const EXPLANATION = `
A save that is killed can leave a temporary file with a name that starts with
'.indelible-'. These files are removed, except those whose writer may still be
alive. Prints the path of each removed file on a line. Exit status: 0 every DIR
is swept, 1 a DIR could not be read, 2 wrong usage.
`;

/** `indelible sweep DIR...`: calls `sweep` from a shell or a cron job. */
export function addSweepCommand(program: Command): void {
  program
    .command('sweep')
    .summary('remove temporary files that dead writers have left')
    .description('Removes the temporary files that dead writers have left in each DIR.')
    .argument('<dir...>', 'directories to sweep, without their subdirectories')
    .addHelpText('after', EXPLANATION)
    .action(async (directories: string[]) => {
      for (const directory of directories) {
        for (const name of await sweep(directory)) process.stdout.write(`${join(directory, name)}\n`);
      }
    });
}
