import { command } from '../command.js';
import { makeImage } from '../filesystems.js';
import { VirtualMachine } from '../kernels/virtual-machine.js';
import { Workspace } from '../workspace.js';
import { checkCalls } from './checked-calls.js';

// Every call on filesystems that few kernels here have, in a virtual machine. By hand:
//   npm run test:removable

/** The calls that each of them cannot do. FAT and exFAT have no links of either kind. */
const DISKS = [
  {
    format: 'vfat',
    mkfs: ['mkfs.vfat', '-F', '32'],
    native: /^(strict|keepPrevious(?!OfNothing)|updateKeepPrevious|throughLink|\w*[sS]ymlink)/,
  },
  {
    format: 'exfat',
    mkfs: ['mkfs.exfat'],
    native:
      /^(keepPrevious(?!OfNothing)|updateKeepPrevious|throughLink|\w*[sS]ymlink|exchange|replace(Empty)?Directory)/,
  },
  { format: 'f2fs', mkfs: ['mkfs.f2fs', '-q'], native: /^$/ },
] as const;
/** Plain `fs` needs links for what must not exist yet. */
const NEEDS_LINKS = /^(exclusive|fsWriteNew|keepPrevious)/;
const SIZE = 300 * 1024 * 1024;

const workspace = await Workspace.create();
try {
  const disks: string[] = [];
  for (const { format, mkfs } of DISKS) {
    const disk = workspace.path(format);
    await makeImage(disk, SIZE);
    const [program, ...options] = mkfs;
    await command(program, ...options, disk);
    disks.push(disk);
  }
  const machine = await VirtualMachine.start(workspace, '6.12', { name: 'removable', disks });
  try {
    for (const [index, { format, native }] of DISKS.entries()) {
      const directory = `/mnt/${format}`;
      await machine.run(`mkdir ${directory}; mount -t ${format} /dev/vd${'abc'[index]} ${directory}`);
      const links = format === 'f2fs' ? '^$' : NEEDS_LINKS.source;
      const portable = new RegExp(`${native.source}|${links}`);
      const right = [
        await checkCalls(machine, `${directory}/native`, 'native', native),
        await checkCalls(machine, `${directory}/portable`, 'portable', portable),
      ];
      if (right.includes(false)) process.exitCode = 1;
    }
  } finally {
    await machine.kill();
  }
} finally {
  await workspace.remove();
}
