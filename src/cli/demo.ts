import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { readCompressed } from '../../bench/measure/package-files.js';
import { save } from '../api/save.js';

const PAGE = 'see-it-work.html';

const EXPLANATION = `
The page plays recorded saves, one system call and one block write at a time, and
shows what the disk may hold if the power fails at any instant. It is one file
that loads nothing. A FILE that exists is replaced. Prints where it stands. Exit
status: 0 it is written, 1 it could not be, 2 wrong usage.
`;

/** `indelible demo [FILE]`: the page docs/see-it-work.html, for whoever has the package only. */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .summary('write and open a page that shows saves and crashes at work')
    .description('Writes a page that shows saves and crashes at work, and opens it in the browser.')
    .argument('[file]', 'where to write it', PAGE)
    .option('--no-open', 'only write it')
    .addHelpText('after', EXPLANATION)
    .action(async (file: string, { open }: { open: boolean }) => {
      await save(file, readCompressed(PAGE));
      process.stdout.write(`${file}\n`);
      if (open) await openInBrowser(resolve(file));
    });
}

/** Hands the file to what the system opens pages with; where there is no such program, says so. */
async function openInBrowser(path: string): Promise<void> {
  const [program, ...args] = openerOf(process.platform, pathToFileURL(path).href);
  const opener = spawn(program, args, { stdio: 'ignore', detached: true });
  try {
    await once(opener, 'spawn');
    opener.unref();
  } catch {
    process.stderr.write(`indelible: ${program} could not be started; open the page in a browser yourself\n`);
  }
}

function openerOf(platform: NodeJS.Platform, url: string): [program: string, ...args: string[]] {
  if (platform === 'darwin') return ['open', url];
  // `start` is a command of the shell; its first quoted argument would be the title of a window.
  if (platform === 'win32') return ['cmd', '/c', 'start', '', url];
  return ['xdg-open', url];
}
