import { randomBytes } from 'node:crypto';
import { type TemporaryOwner, thisProcess } from './temporary-owner.js';

// Plain `fs` cannot lock a file, so the name of a portable temporary records its owner:
//   .indelible-p-<process id>-<start time>-<system>-<random>

const PREFIX = '.indelible-p-';
const PATTERN = /^\.indelible-p-(\d+)-(\d+)-([0-9a-f]{8})-[a-z2-7]{16}$/;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const RANDOM_LENGTH = 16;

let owner: TemporaryOwner | undefined;

/** @returns a new unique name of at most 70 bytes. */
export function temporaryName(): string {
  owner ??= thisProcess();
  return `${PREFIX}${owner.processId}-${owner.startTime}-${owner.system}-${randomCharacters()}`;
}

/** @returns the owner that a name records; `undefined` if it is not the name of a portable temporary. */
export function parseTemporaryName(name: string): TemporaryOwner | undefined {
  const [, processId, startTime, system] = PATTERN.exec(name) ?? [];
  if (processId === undefined || startTime === undefined || system === undefined) return undefined;
  return { processId: Number(processId), startTime: Number(startTime), system };
}

/** 80 random bits in base 32. */
export function randomCharacters(): string {
  let characters = '';
  for (const byte of randomBytes(RANDOM_LENGTH)) characters += BASE32.charAt(byte % BASE32.length);
  return characters;
}
