import type { Disk } from '../filesystems.js';
import { BALLAST_FILE } from '../scenario.js';
import type { Workspace } from '../workspace.js';
import type { KernelSeries } from './debian-kernel.js';
import { makeSmallInitramfs } from './initramfs.js';
import { BEGINNING, type Guest, GuestSnapshot, guestDevice, oncePerKernel, READY } from './snapshot.js';

/**
 * For each line, the arguments of mount(8): mounts the disk, reads every file, unmounts it, and answers with the errors
 * in one line. Nobody has the disk open in between, so the kernel keeps nothing of it.
 */
const INIT = `${BEGINNING}
echo ${READY} >&3
while read -r mount <&3; do
  if mount $mount /volume; then
    find /volume -type f ! -name ${BALLAST_FILE} -exec cat {} + >/dev/null
    umount /volume
  fi 2>/tmp/errors
  echo $(cat /tmp/errors) >&3
done
poweroff -f
`;

const snapshotOf = oncePerKernel(async (workspace, kernel) => {
  const initramfs = await makeSmallInitramfs(workspace, kernel, { name: 'recovery', init: INIT });
  return GuestSnapshot.make(workspace, 'recovery', { kernel, initramfs, memoryMib: 256, processors: 1 });
});

/** A machine with another kernel, which recovers the crash states of one image. */
export class RecoveryGuest {
  readonly #workspace: Workspace;
  readonly #series: KernelSeries;
  readonly #disk: Disk;
  readonly #image: string;
  #guest: Guest | undefined;

  /** @param image may change whenever `recover` does not run. */
  constructor(workspace: Workspace, series: KernelSeries, disk: Disk, image: string) {
    this.#workspace = workspace;
    this.#series = series;
    this.#disk = disk;
    this.#image = image;
  }

  /**
   * Mounts the image, reads its files, and unmounts it. What is left is the filesystem after the recovery, clean.
   *
   * @returns the reason if the kernel refuses to mount it, cannot read a file, or fails.
   */
  async recover(): Promise<string | undefined> {
    const { format, mount } = this.#disk;
    this.#guest ??= await this.#start();
    this.#guest.send(`-t ${format} ${mount ? `-o ${mount}` : ''} ${guestDevice(format)}\n`);
    const { done, value } = await this.#guest.lines.next();
    if (!done) return value === '' ? undefined : `Linux ${this.#series}: ${value}`;
    const console = this.#guest.console();
    await this.end();
    return `Linux ${this.#series} ended:\n${console}`;
  }

  async end(): Promise<void> {
    await this.#guest?.end();
    this.#guest = undefined;
  }

  async #start(): Promise<Guest> {
    const snapshot = await snapshotOf(this.#series);
    const { format } = this.#disk;
    // QEMU keeps no copy of a file's content, and the disk is written to by the lab in between.
    const drive = `driver=raw,file.driver=file,file.filename=${this.#image.replaceAll(',', ',,')}`;
    return snapshot.start(this.#workspace, 'recovery', { format, drive });
  }
}
