import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';

// Plain `fs` cannot lock a file, so the name of a portable temporary says whose it is:
//   .indelible-p-<process id>-<start time>-<system>-<random>
// The start time, in clock ticks since boot, tells a process from a later one that got its number (proc_pid_stat(5),
// field 22). The system is a hash of the boot id and the pid namespace, outside which the number means nothing. macOS
// and Windows tell no program the start time of another: it is 0 there, and the system is a hash of the machine.

const PREFIX = '.indelible-p-';
const PATTERN = /^\.indelible-p-(\d+)-(\d+)-([0-9a-f]{8})-[a-z2-7]{16}$/;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const RANDOM_LENGTH = 16;

/** The process that made a temporary, and the system on which its number means anything. */
export interface TemporaryOwner {
  processId: number;
  startTime: number;
  system: string;
}

/** Zeros: nobody can tell whether such a writer lives, so its temporaries are nobody's to remove. */
const UNKNOWN: TemporaryOwner = { processId: 0, startTime: 0, system: '00000000' };

let owner: TemporaryOwner | undefined;

/** A new name, unlike any other, at most 70 bytes long. */
export function temporaryName(): string {
  owner ??= thisProcess();
  return `${PREFIX}${owner.processId}-${owner.startTime}-${owner.system}-${randomCharacters()}`;
}

/** Whose temporary a name says it is; `undefined` if it is not the name of a portable temporary. */
export function parseTemporaryName(name: string): TemporaryOwner | undefined {
  const [, processId, startTime, system] = PATTERN.exec(name) ?? [];
  if (processId === undefined || startTime === undefined || system === undefined) return undefined;
  return { processId: Number(processId), startTime: Number(startTime), system };
}

/** How this process signs its temporaries: with zeros where `/proc` is missing or shows another pid namespace. */
export function thisProcess(): TemporaryOwner {
  if (process.platform === 'darwin' || process.platform === 'win32')
    return thisProcessOn(hostname(), networkInterfaces());
  try {
    // The second field, the command in parentheses, may itself hold spaces and parentheses.
    const status = readFileSync('/proc/self/stat', 'latin1');
    const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
    const startTime = Number(fields[22 - 3]);
    if (Number.parseInt(status, 10) !== process.pid || !Number.isSafeInteger(startTime)) return UNKNOWN;
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const namespace = readlinkSync('/proc/self/ns/pid');
    return { processId: process.pid, startTime, system: hashed(`${boot} ${namespace}`) };
  } catch {
    return UNKNOWN;
  }
}

/**
 * How a process signs its temporaries where only its number is known: with the machine, by its name and the addresses
 * of its network cards. With zeros where it has none, since two machines that share a disk may have the same name.
 */
export function thisProcessOn(
  name: string,
  interfaces: ReturnType<typeof networkInterfaces>,
): TemporaryOwner {
  const addresses = Object.values(interfaces)
    .flatMap((addresses) => addresses ?? [])
    .filter(({ mac, internal }) => !internal && mac !== '00:00:00:00:00:00')
    .map(({ mac }) => mac);
  if (addresses.length === 0) return UNKNOWN;
  const machine = [name, ...new Set(addresses.sort())].join(' ');
  return { processId: process.pid, startTime: 0, system: hashed(machine) };
}

function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}

/** 80 random bits in base 32. */
export function randomCharacters(): string {
  let characters = '';
  for (const byte of randomBytes(RANDOM_LENGTH)) characters += BASE32.charAt(byte % BASE32.length);
  return characters;
}
