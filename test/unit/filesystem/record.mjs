// Records the kernel's description of a mounted filesystem for the tests in this folder:
//   node record.mjs DIRECTORY > recordings/NAME.json

import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { release } from 'node:os';
import { basename, dirname, resolve } from 'node:path';

const O_PATH = 0o10000000;
const directory = resolve(process.argv[2]);
const files = {};
const links = {};

const descriptor = openSync(directory, O_PATH);
const mountId = Number(/^mnt_id:\s*(\d+)$/m.exec(read(`/proc/self/fdinfo/${descriptor}`))[1]);
const { dev } = fstatSync(descriptor);
closeSync(descriptor);
const location = { directory, major: dev >> 8, minor: dev & 0xff, mountId };

const mounts = read('/proc/self/mountinfo').trimEnd().split('\n');
const kept = new Set();
recordMount(mounts.find((line) => line.startsWith(`${mountId} `)));
recordMount(mounts.find((line) => line.split(' ')[4] === '/'));
files['/proc/self/mountinfo'] = `${mounts.filter((line) => kept.has(line)).join('\n')}\n`;
process.stdout.write(
  `${JSON.stringify({ kernelRelease: release(), location, files, links }, undefined, 2)}\n`,
);

/** Records the line, the files of the driver, and the device. */
function recordMount(line) {
  if (line === undefined || kept.has(line)) return;
  kept.add(line);
  const [, , number] = line.split(' ');
  const [type, source, superOptions] = line.split(' - ')[1].split(' ');
  const device = recordDevice(number);
  if (device !== undefined) recordDriver(device);
  if (device === undefined && source.startsWith('/dev/')) {
    recordLink(`/sys/class/block/${basename(source)}`);
    recordDevice(read(`/sys/class/block/${basename(source)}/dev`).trim());
  }
  if (type === 'overlay') recordMount(mountOf(/upperdir=([^,]*)/.exec(superOptions)[1]));
}

function recordDriver(device) {
  for (const file of ['options', 'fc_info']) recordFile(`/proc/fs/ext4/${device}/${file}`);
  recordFile(`/sys/fs/ext4/${device}/journal_task`);
  for (const journal of list('/proc/fs/jbd2')) recordFile(`/proc/fs/jbd2/${journal}/info`);
  for (const name of list(`/sys/fs/xfs/${device}`)) {
    for (const file of list(`/sys/fs/xfs/${device}/${name}`))
      recordFile(`/sys/fs/xfs/${device}/${name}/${file}`);
  }
}

/** Records the device with this number, its queue and the devices below it. Returns its name. */
function recordDevice(number) {
  const target = recordLink(`/sys/dev/block/${number}`);
  if (target === undefined) return undefined;
  for (const file of ['dev', 'size', 'partition', 'cache_type', 'dm/name', 'md/level', 'loop/backing_file']) {
    recordFile(`${target}/${file}`);
  }
  for (const file of ['model', 'vendor', 'name']) recordFile(`${target}/device/${file}`);
  for (const address of list(`${target}/device/scsi_disk`)) {
    recordFile(`${target}/device/scsi_disk/${address}/cache_type`);
  }
  for (const file of ['rotational', 'write_cache', 'fua', 'dax', 'zoned'])
    recordFile(`${target}/queue/${file}`);
  for (const slave of list(`${target}/slaves`)) {
    recordLink(`${target}/slaves/${slave}`);
    recordDevice(read(`${target}/slaves/${slave}/dev`).trim());
  }
  if (files[`${target}/partition`] !== undefined) recordDevice(read(`${dirname(target)}/dev`).trim());
  const backing = files[`${target}/loop/backing_file`];
  if (backing !== undefined) recordMount(mountOf(backing.trim()));
  return basename(target);
}

/** The last of the longest mount points on a path. */
function mountOf(path) {
  const points = mounts.filter((line) => `${path}/`.startsWith(`${line.split(' ')[4]}/`.replace('//', '/')));
  return points.reduce((a, b) => (a.split(' ')[4].length > b.split(' ')[4].length ? a : b));
}

function recordFile(path) {
  try {
    files[path] = read(path);
  } catch {
    // The file does not exist here, and so not in the recording.
  }
}

function recordLink(path) {
  try {
    links[path] = readlinkSync(path);
    return resolve(dirname(path), links[path]);
  } catch {
    return undefined;
  }
}

function list(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function read(path) {
  return readFileSync(path, 'utf8');
}
