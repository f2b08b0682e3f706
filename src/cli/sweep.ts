import { join } from 'node:path';
import type { Command } from 'commander';
import { sweep } from '../api/sweep.js';

const EXPLANATION = `
A save that is killed can leave its new version behind under a name that starts
with '.indelible-'. Those are removed, but never one whose writer may still be
alive. Prints what it has removed, one path a line. Exit status: 0 every DIR is
swept, 1 some DIR could not be read, 2 wrong usage.
`;

/** `indelible sweep DIR...`: what `sweep` does, for people and cron jobs. */
export function addSweepCommand(program: Command): void {
  program
    .command('sweep')
    .summary('remove the temporaries that dead writers have left behind')
    .description('Removes the temporaries that dead writers have left in each DIR.')
    .argument('<dir...>', 'where to look; directories below are not looked into')
    .addHelpText('after', EXPLANATION)
    .action(async (directories: string[]) => {
      for (const directory of directories) {
        for (const name of await sweep(directory)) process.stdout.write(`${join(directory, name)}\n`);
      }
    });
}
