#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { packageRoot } from '../../bench/measure/package-files.js';
import { isError } from '../base/errors.js';
import { addBenchCommand } from './bench.js';
import { addBuildAddonCommand } from './build-addon.js';
import { addDemoCommand } from './demo.js';
import { addInspectCommand } from './inspect.js';
import { Interrupted } from './interruption.js';
import { addSaveCommand } from './save.js';
import { addSweepCommand } from './sweep.js';

const FAILURE = 1;
const WRONG_USAGE = 2;

const manifest: { version: string; description: string } = JSON.parse(
  readFileSync(new URL('package.json', packageRoot), 'utf8'),
);

const program = new Command('indelible')
  .description(`${manifest.description}.`)
  .version(manifest.version)
  .showHelpAfterError('(see --help)')
  .exitOverride()
  .configureOutput({
    outputError: (message, write) => write(message.replace(/^error: /, 'indelible: ')),
  });
addSaveCommand(program);
addInspectCommand(program);
addSweepCommand(program);
addBenchCommand(program, manifest.version);
addDemoCommand(program);
addBuildAddonCommand(program);

// A reader that stops early (`indelible bench | head`) is not a failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitStatus(error);
}

/** Prints the error on standard error, unless it is already printed. Returns the exit status. */
function exitStatus(error: unknown): number {
  // Commander has already printed its message, or the help text.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : WRONG_USAGE;
  if (error instanceof Interrupted) return error.exitStatus;
  const published = isError(error) && 'published' in error && error.published === true;
  const note = published ? '; the new content is in place, but it may not survive power loss' : '';
  process.stderr.write(`indelible: ${isError(error) ? error.message : String(error)}${note}\n`);
  return FAILURE;
}
