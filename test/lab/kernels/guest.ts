import { RequestCounter } from '../block-log.js';
import type { StampedEvent } from '../history.js';
import type { ScenarioTask } from '../scenario-process.js';
import type { RecordingOptions } from '../subjects.js';
import type { Workspace } from '../workspace.js';
import type { KernelSeries } from './debian-kernel.js';
import { makeInitramfs } from './initramfs.js';
import { BEGINNING, GuestSnapshot, guestDevice, oncePerKernel } from './snapshot.js';

/** Node.js waits with the library loaded, and the shell for the arguments of mount(8). */
const INIT = `${BEGINNING}
mkfifo /mounted
node /indelible/build/test/lab/scenario-process.js /mounted <&3 >&3 &
read -r mount <&3
if mount $mount /volume; then
  echo >/mounted
  wait
fi
umount /volume
poweroff -f
`;

const snapshotOf = oncePerKernel(async (workspace, kernel) => {
  const initramfs = await makeInitramfs(workspace, kernel, { name: 'guest', init: INIT });
  return GuestSnapshot.make(workspace, 'guest', { kernel, initramfs, memoryMib: 1536, processors: 2 });
});

/**
 * Runs a scenario under another kernel, in QEMU without KVM, on a disk whose requests QEMU logs. The machine is a new
 * one, from a snapshot in which Node.js has loaded the library and waits. Each event arrives over a serial line, is
 * stamped here, and is answered; the scenario waits for the answer. So the stamp is never earlier than the event, and
 * no promise counts before its caller had it. Requests between the event and the stamp belong to saves that had begun
 * before, or to the committer.
 *
 * @param drive the options of QEMU's block layer for the disk.
 * @throws with the guest's console if the scenario did not end.
 */
export async function runInGuest(
  workspace: Workspace,
  series: KernelSeries,
  { mount, subject: { name, role }, pressure, seed }: RecordingOptions,
  drive: string,
  log: string,
): Promise<StampedEvent[]> {
  const task: ScenarioTask = { role, name, directory: '/volume', pressure, seed };
  const { format } = mount;
  const options = mount.mount ? `-o ${mount.mount}` : '';
  const snapshot = await snapshotOf(series);
  const guest = await snapshot.start(workspace, 'guest', { format, drive });
  guest.send(`-t ${format} ${options} ${guestDevice(format)}\n${JSON.stringify(task)}\n`);
  const events: StampedEvent[] = [];
  let counter: RequestCounter | undefined;
  try {
    for await (const line of guest.lines) {
      counter ??= new RequestCounter(log);
      events.push({ ...JSON.parse(line), at: counter.now() });
      guest.send('\n');
    }
  } finally {
    counter?.close();
    await guest.end();
  }
  if (events.at(-1)?.event !== 'ended') throw new Error(`the guest ended early:\n${guest.console()}`);
  return events;
}
