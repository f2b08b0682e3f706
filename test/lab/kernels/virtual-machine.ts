import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { SYSTEM_PATH } from '../command.js';
import type { Workspace } from '../workspace.js';
import { debianKernel, type KernelSeries } from './debian-kernel.js';
import { makeSmallInitramfs } from './initramfs.js';

const MEMORY_MIB = 768;
const MODULES = [
  ...['virtio_pci', 'virtio_blk', 'virtio_net', 'virtio_console', '9p', '9pnet_virtio', 'loop', 'fuse'],
  ...['ext4', 'f2fs', 'vfat', 'exfat', 'nls_cp437', 'nls_ascii', 'nls_iso8859-1', 'nls_utf8'],
  ...['overlay', 'nfsd', 'nfs', 'nfsv3', 'nfsv4', 'af_packet'],
];

/**
 * The files of this machine are the files of the guest, read only, over 9p; what programs write to is in memory.
 * Each command arrives as a line over a virtual serial port (`number base64`) and runs beside the others; its
 * answer is `number status base64`.
 */
const INIT = `
mkdir -p /machine
mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 machine /machine
mount -t proc proc /machine/proc
mount -t sysfs sysfs /machine/sys
mount -t devtmpfs devtmpfs /machine/dev
mkdir -p /machine/dev/shm /machine/dev/pts
mount -t tmpfs tmpfs /machine/dev/shm
mount -t devpts devpts /machine/dev/pts
for directory in tmp run mnt var/lib/nfs; do mount -t tmpfs -o mode=755 tmpfs /machine/$directory; done
chmod 1777 /machine/tmp
ifconfig lo 127.0.0.1
exec chroot /machine /bin/bash -c '
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
exec 3<>/dev/vport*
echo ready >&3
while read -r number command <&3; do
  (
    out=/run/out.$number
    bash -c "$(base64 -d <<<"$command")" >$out 2>&1 3>&- </dev/null
    answer="$number $? $(base64 -w0 $out)"
    rm $out
    flock /run/answers bash -c "echo \\"\\$1\\" >&3" bash "$answer"
  ) &
done
'
`;

/** How a machine is made. */
export interface MachineOptions {
  /** Tells the machine from others of the workspace. */
  name: string;
  /** Images of its disks, which are /dev/vda and so on. */
  disks?: readonly string[];
  /** The port of 127.0.0.1 on which the machine waits for another, or finds it: its network. */
  network?: readonly { listen?: number; connect?: number; address: string }[];
}

interface Answer {
  status: number;
  output: string;
}

/** A guest with Debian's kernel, in QEMU without KVM, which runs programs of this machine. */
export class VirtualMachine {
  readonly #qemu: ChildProcess;
  readonly #console: string;
  readonly #waiting = new Map<string, (answer: Answer | undefined) => void>();
  #count = 0;

  private constructor(qemu: ChildProcess, console: string) {
    this.#qemu = qemu;
    this.#console = console;
  }

  static async start(
    workspace: Workspace,
    series: KernelSeries,
    { name, disks = [], network = [] }: MachineOptions,
  ): Promise<VirtualMachine> {
    const kernel = await debianKernel(series, 'generic');
    const initramfs = await makeSmallInitramfs(workspace, kernel, { name, init: INIT, modules: MODULES });
    const console = workspace.path(`${name}.console`);
    const qemu = spawn(
      // If the program is killed, its guests end too.
      'setpriv',
      [
        ...['--pdeathsig', 'KILL', 'qemu-system-x86_64', '-accel', 'tcg', '-cpu', 'max'],
        ...['-smp', '1', '-m', String(MEMORY_MIB), '-nodefaults', '-no-reboot', '-display', 'none'],
        ...['-kernel', kernel.image, '-initrd', initramfs, '-append', 'console=ttyS0 panic=-1 quiet'],
        ...['-serial', `file:${console}`, '-chardev', 'stdio,id=commands,signal=off'],
        ...['-device', 'virtio-serial-pci', '-device', 'virtserialport,chardev=commands'],
        ...['-virtfs', 'local,path=/,mount_tag=machine,security_model=none,readonly=on,multidevs=remap'],
        ...disks.flatMap((disk) => ['-drive', `if=virtio,cache=writeback,format=raw,file=${disk}`]),
        ...network.flatMap(({ listen, connect, address }, index) => [
          '-netdev',
          `socket,id=net${index},${listen ? `listen=127.0.0.1:${listen}` : `connect=127.0.0.1:${connect}`}`,
          '-device',
          `virtio-net-pci,netdev=net${index},mac=52:54:00:00:00:${address.split('.').at(-1)?.padStart(2, '0')}`,
        ]),
      ],
      { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, PATH: SYSTEM_PATH } },
    );
    const machine = new VirtualMachine(qemu, console);
    await machine.#listen();
    for (const [index, { address }] of network.entries()) {
      await machine.run(`ip address add ${address}/24 dev eth${index}; ip link set eth${index} up`);
    }
    return machine;
  }

  /** @throws with the console if the guest ends before it is ready. */
  async #listen(): Promise<void> {
    const { stdout } = this.#qemu;
    if (stdout === null) throw new Error('The guest has no port for commands.');
    const lines = createInterface(stdout);
    const ready = once(lines, 'line');
    const closed = once(lines, 'close').then(() => {
      for (const answer of this.#waiting.values()) answer(undefined);
      this.#waiting.clear();
      return undefined;
    });
    if ((await Promise.race([ready, closed])) === undefined) throw this.#ended('its first command');
    lines.on('line', (line) => {
      const [number = '', status, output = ''] = line.split(' ');
      this.#waiting.get(number)?.({
        status: Number(status),
        output: Buffer.from(output, 'base64').toString(),
      });
      this.#waiting.delete(number);
    });
  }

  /** Runs a command of the shell, beside others that run. @throws with its output if it fails. */
  async run(script: string): Promise<string> {
    const { status, output } = await this.attempt(script);
    if (status !== 0) throw new Error(`${script}: ended with ${status}: ${output}`);
    return output.trimEnd();
  }

  /** Runs a command of the shell, and tells how it ended. @throws if the guest ends first. */
  async attempt(script: string): Promise<Answer> {
    const number = String(this.#count++);
    const answer = await new Promise<Answer | undefined>((resolve) => {
      this.#waiting.set(number, resolve);
      this.#qemu.stdin?.write(`${number} ${Buffer.from(script).toString('base64')}\n`);
    });
    if (answer === undefined) throw this.#ended(script);
    return answer;
  }

  /** Cuts its power: what it has not written to its disks is lost. */
  async kill(): Promise<void> {
    if (this.#qemu.exitCode !== null || this.#qemu.signalCode !== null) return;
    const ended = once(this.#qemu, 'close');
    this.#qemu.kill('SIGKILL');
    await ended;
  }

  #ended(during: string): Error {
    return new Error(`the guest ended during: ${during}\n${readFileSync(this.#console, 'utf8')}`);
  }
}
