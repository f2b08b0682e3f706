import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { RequestCounter } from '../block-log.js';
import { SYSTEM_PATH } from '../command.js';
import type { StampedEvent } from '../history.js';
import type { ScenarioTask } from '../scenario-process.js';
import type { RecordingOptions } from '../subjects.js';
import type { Workspace } from '../workspace.js';
import { debianKernel, type KernelSeries } from './debian-kernel.js';
import { makeInitramfs } from './initramfs.js';

const MEMORY_MIB = 1536;
/** The first serial line is the kernel's console, the second one carries the scenario's events. */
const EVENTS = '/dev/ttyS1';

/**
 * Runs a scenario under another kernel, in QEMU without KVM, on a disk whose requests QEMU logs. Each event
 * arrives over a serial line, is stamped here, and is answered; the scenario waits for the answer. So the
 * stamp is never earlier than the event, and no promise counts before its caller had it. Requests between the
 * event and the stamp belong to saves that had begun before, or to the committer.
 *
 * @param disk the options of QEMU's block layer for the disk.
 * @throws with the guest's console if the scenario did not end.
 */
export async function runInGuest(
  workspace: Workspace,
  series: KernelSeries,
  { mount, subject: { name, role, scenario }, pressure, seed }: RecordingOptions,
  disk: string,
  log: string,
): Promise<StampedEvent[]> {
  const task: ScenarioTask = { role, name, directory: '/volume', pressure, seed };
  const options = mount.mount ? `-o ${mount.mount}` : '';
  const kernel = await debianKernel(series);
  const initramfs = await makeInitramfs(workspace, kernel, {
    name: 'guest',
    init: `
stty -F ${EVENTS} raw -echo
mount -t ${mount.format} ${options} /dev/vda /volume && \\
  INDELIBLE_ENGINE=${scenario.engine ?? 'native'} node \\
  /indelible/build/test/lab/scenario-process.js '${JSON.stringify(task)}' <${EVENTS} >${EVENTS}
umount /volume
poweroff -f
`,
  });
  const console = workspace.path('console');
  const qemu = spawn(
    // If the lab is killed, the guest must not continue to write to a disk that is being cleaned up.
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'qemu-system-x86_64'],
      ...['-accel', 'tcg', '-cpu', 'max', '-smp', '2', '-m', String(MEMORY_MIB), '-nodefaults', '-no-reboot'],
      ...['-kernel', kernel.image, '-initrd', initramfs, '-append', 'console=ttyS0 panic=-1 quiet'],
      ...['-display', 'none', '-serial', `file:${console}`, '-serial', 'stdio'],
      ...['-drive', `if=virtio,cache=writeback,discard=unmap,${disk}`],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, PATH: SYSTEM_PATH } },
  );
  const ended = once(qemu, 'close');
  const events: StampedEvent[] = [];
  let counter: RequestCounter | undefined;
  try {
    for await (const line of createInterface(qemu.stdout)) {
      counter ??= new RequestCounter(log);
      events.push({ ...JSON.parse(line), at: counter.now() });
      qemu.stdin.write('\n');
    }
  } finally {
    counter?.close();
    qemu.kill();
  }
  await ended;
  if (events.at(-1)?.event !== 'ended') {
    throw new Error(`the guest ended early:\n${readFileSync(console, 'utf8')}`);
  }
  return events;
}
