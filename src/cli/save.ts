import { addAbortSignal } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setImmediate } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Owner, type Preserve, type SaveOptions, save } from '../index.js';
import { interruptible } from './interruption.js';

const EXPLANATION = `
Standard input is read to its end before FILE is changed. After a failure FILE
is unchanged, unless the message says that the new content is in place: then it
may not survive power loss. Empty input saves an empty file. Nothing is printed
on success. Exit status: 0 FILE is saved, 1 it is not known to be, 2 wrong
usage, 128 + n stopped by signal n.

A pipe ends in the same way whether the producer has finished or was killed, and
everything before its end is saved. With 'set -o pipefail' the exit status of
the pipeline shows the difference, but then FILE is already replaced. If half an
output must not replace FILE, let the producer finish first:

    producer > tmp && indelible save FILE < tmp
`;

/** `producer | indelible save FILE`: like `sponge` of moreutils, but atomic and durable. */
export function addSaveCommand(program: Command): void {
  program
    .command('save')
    .summary('save standard input as FILE, atomically and durably')
    .description('Saves standard input as FILE, atomically and durably.')
    .argument('<file>', 'the file to create or replace', parseFile)
    .addOption(
      new Option('--durability <promise>', 'the guarantee after power loss (default: durable)').choices([
        'durable',
        'ordered',
        'none',
      ]),
    )
    .addOption(
      new Option('--if-exists <action>', 'what to do if FILE exists (default: replace)').choices([
        'replace',
        'fail',
      ]),
    )
    .option('--mode <octal>', 'permissions, as for chmod (default: those of the replaced file)', parseMode)
    .option('--create-mode <octal>', 'permissions of a new file, less the umask (default: 666)', parseMode)
    .option(
      '--owner <[uid][:gid]>',
      'numeric owner, group or both (default: those of the replaced file)',
      parseOwner,
    )
    .option('--owner-if-permitted', 'do not fail if the owner or group may not be set')
    .option(
      '--preserve <what>',
      'attributes to keep of the replaced file: all, permissions, none, or a list of mode, owner and ' +
        'attributes (default: all)',
      parsePreserve,
    )
    .option('--no-follow-symlinks', 'replace a symbolic link, not its target')
    .option('--make-directories', 'create missing parent directories')
    .option('--strict', 'fail if the filesystem cannot give the requested durability')
    .addHelpText('after', EXPLANATION)
    .action(async (file: string, { ownerIfPermitted, owner, ...options }: Parsed) => {
      if (ownerIfPermitted && owner === undefined) {
        program.error("error: option '--owner-if-permitted' needs '--owner'");
      }
      await interruptible(async (signal) => {
        const data = await readStandardInput(signal);
        await save(file, data, {
          ...options,
          owner: owner && { ...owner, required: !ownerIfPermitted },
          signal,
        });
      });
    });
}

interface Parsed extends Omit<SaveOptions, 'owner'> {
  readonly owner?: Pick<Owner, 'uid' | 'gid'>;
  readonly ownerIfPermitted?: boolean;
}

async function readStandardInput(signal: AbortSignal): Promise<Buffer> {
  if (process.stdin.isTTY) {
    process.stderr.write('indelible: reading from the terminal; Ctrl-D saves, Ctrl-C cancels\n');
  }
  const data = await buffer(addAbortSignal(signal, process.stdin));
  // Ctrl-C also kills the producer, which looks like the end of its output. libuv reports a signal after the streams
  // that became readable at the same time. So wait for it, before half an output is taken for the whole.
  await setImmediate();
  signal.throwIfAborted();
  return data;
}

function parseFile(file: string): string {
  // Node replaces invalid bytes by U+FFFD. The save would go to another file.
  if (file.includes('\ufffd')) throw new InvalidArgumentError('It is not valid UTF-8.');
  return file;
}

function parseMode(mode: string): string {
  if (!/^[0-7]{1,4}$/.test(mode)) throw new InvalidArgumentError('It must be octal, at most 7777.');
  return mode;
}

function parseOwner(owner: string): Pick<Owner, 'uid' | 'gid'> {
  const [, uid, gid] = /^(\d+)?(?::(\d+))?$/.exec(owner) ?? [];
  if (uid === undefined && gid === undefined) {
    throw new InvalidArgumentError('It must be one or two numbers, such as 1000, :1000 or 1000:1000.');
  }
  return {
    ...(uid !== undefined && { uid: Number(uid) }),
    ...(gid !== undefined && { gid: Number(gid) }),
  };
}

const PARTS = ['mode', 'owner', 'attributes'] as const;

function parsePreserve(preserve: string): Preserve {
  if (preserve === 'all' || preserve === 'permissions' || preserve === 'none') return preserve;
  const given = preserve.split(',');
  if (!given.every((part) => (PARTS as readonly string[]).includes(part))) {
    throw new InvalidArgumentError(
      `It must be all, permissions, none, or a list such as ${PARTS.join(',')}.`,
    );
  }
  return Object.fromEntries(PARTS.map((part) => [part, given.includes(part)]));
}
