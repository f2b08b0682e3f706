import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from '../lab/command.js';
import { typeMountedOn } from './mounted.js';
import { killProcess, pidIn, stopProcess } from './process.js';
import { until } from './wait.js';

/** Where Debian's openssh-sftp-server has it. */
export const SFTP_SERVER = '/usr/lib/openssh/sftp-server';

/** A directory that a program serves, and the same files where that program finds them. */
export interface Served {
  mount: string;
  source: string;
}

function makeDirectories(directory: string, name: string): Served {
  const served = { mount: join(directory, name), source: join(directory, 'disk', name) };
  for (const path of Object.values(served)) mkdirSync(path);
  return served;
}

/** As root's own files, and others may use it as its modes allow. */
const OPTIONS = ['-o', 'allow_other,default_permissions'];

export async function mountBindfs(directory: string): Promise<Served> {
  const served = makeDirectories(directory, 'bindfs');
  await command('bindfs', ...OPTIONS, served.source, served.mount);
  return served;
}

/** An sshfs whose SFTP server is not behind a connection: sshfs speaks to it through a pipe. */
export class Sshfs implements Served {
  readonly mount: string;
  readonly source: string;
  readonly #server: string;

  private constructor(directory: string) {
    ({ mount: this.mount, source: this.source } = makeDirectories(directory, 'sshfs'));
    this.#server = join(directory, 'sftp-server');
    const script = ['#!/bin/sh', `echo $$ >${this.#server}.pid`, `exec ${SFTP_SERVER}`, ''].join('\n');
    writeFileSync(this.#server, script, { mode: 0o755 });
  }

  static async start(directory: string): Promise<Sshfs> {
    const sshfs = new Sshfs(directory);
    await sshfs.connect();
    return sshfs;
  }

  /** Mounts it, also again after its server was killed. */
  async connect(): Promise<void> {
    await until('sshfs is unmounted', () => typeMountedOn(this.mount) === undefined);
    await command('sshfs', ...OPTIONS, '-o', `ssh_command=${this.#server}`, `:${this.source}`, this.mount);
  }

  async stopServer(): Promise<void> {
    await stopProcess(pidIn(`${this.#server}.pid`));
  }

  continueServer(): void {
    process.kill(pidIn(`${this.#server}.pid`), 'SIGCONT');
  }

  async killServer(): Promise<void> {
    await killProcess(pidIn(`${this.#server}.pid`));
  }
}
