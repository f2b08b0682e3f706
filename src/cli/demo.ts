import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from 'commander';
import { readCompressed } from '../../bench/measure/package-files.js';
import { save } from '../api/save.js';

const PAGE = 'see-it-work.html';

const EXPLANATION = `
The page plays recorded saves, one system call and one block write at a time. It
shows the possible contents of the disk after a power failure at any instant. It
is one file that loads nothing else. An existing FILE is replaced. Prints the
path of the page. Exit status: 0 the page is written, 1 it is not, 2 wrong
usage.
`;

/** `indelible demo [FILE]`: writes the page docs/see-it-work.html, which the package contains compressed. */
export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .summary('write and open a page that shows saves and crashes')
    .description('Writes a page that shows saves and crashes, and opens it in the browser.')
    .argument('[file]', 'the page to write', PAGE)
    .option('--no-open', 'do not open the page')
    .addHelpText('after', EXPLANATION)
    .action(async (file: string, { open }: { open: boolean }) => {
      await save(file, readCompressed(PAGE));
      process.stdout.write(`${file}\n`);
      if (open) await openInBrowser(resolve(file));
    });
}

/** Opens the file with the system's program for pages. Prints a message if that program does not exist. */
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
  // `start` is a command of the shell. It takes its first quoted argument as the title of a window.
  if (platform === 'win32') return ['cmd', '/c', 'start', '', url];
  return ['xdg-open', url];
}
