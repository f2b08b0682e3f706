import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type Cell, cellsOf, DEFAULT_LIST, type Place, type Variant } from './cells.js';
import { type FileState, filesIn, type SeenFile, withIds } from './file-state.js';
import { GROUP, USER } from './ids.js';
import type { Installation } from './installation.js';
import { groupSeenBy, type Saver, userSeenBy } from './savers.js';
import type { Subjects } from './subjects.js';

export interface Failure {
  code: string;
  syscall: string;
  published: boolean;
  message: string;
}

/** A save, and all that was seen of it. */
export interface Seen {
  cell: Cell;
  saver: Saver;
  variant: Variant;
  before: SeenFile | undefined;
  after: SeenFile | undefined;
  /** The file at the path for `keepPrevious`. */
  previous: SeenFile | undefined;
  /** What `fs.writeFile` of the same process makes in the same directory with the same umask. */
  ordinary: FileState;
  /** The states of the files that were made, in order. */
  instants: FileState[];
  /** How many of them were before the caller wrote the last of the content. */
  held: number;
  /** What each subject could do to the temporary's name while the new version was open. */
  looks: string[][];
  /** Whether the process could read the old file. */
  readable: boolean;
  failure: Failure | undefined;
}

const PLACES: readonly Place[] = ['plain', 'listed', 'set-group-id'];

function makePlaces(directory: string): void {
  for (const place of PLACES) {
    mkdirSync(join(directory, place), { recursive: true });
    chmodSync(join(directory, place), 0o777);
  }
  execFileSync('setfacl', ['-m', DEFAULT_LIST, join(directory, 'listed')]);
  chownSync(join(directory, 'set-group-id'), 0, GROUP.directory);
  chmodSync(join(directory, 'set-group-id'), 0o2777);
}

function makeOldFiles(cells: readonly Cell[], pathOf: (index: number) => string): void {
  const withList = new Map<string, string[]>();
  const tagged: string[] = [];
  cells.forEach(({ old }, index) => {
    if (old === undefined) return;
    const path = pathOf(index);
    writeFileSync(path, 'old content');
    chownSync(path, USER.owner, GROUP.owning);
    const list = old.list ?? '';
    withList.set(list, [...(withList.get(list) ?? []), path]);
    if (old.tagged) tagged.push(path);
  });
  for (const [list, paths] of withList) {
    // A new file of a directory with a default list has a list.
    execFileSync('setfacl', ['-b', ...paths]);
    const ofMode = new Map<number, string[]>();
    cells.forEach(({ old }, index) => {
      if (old === undefined || (old.list ?? '') !== list) return;
      ofMode.set(old.mode, [...(ofMode.get(old.mode) ?? []), pathOf(index)]);
    });
    for (const [mode, files] of ofMode) execFileSync('chmod', [mode.toString(8), ...files]);
    if (list !== '') execFileSync('setfacl', ['-m', list, ...paths]);
  }
  if (tagged.length > 0) execFileSync('setfattr', ['-n', 'user.tag', '-v', 'kept', ...tagged]);
}

/** Maps the ids of a process that waits for it in a new user namespace. */
function mapIds(pid: number, { namespace }: Saver): void {
  if (namespace === undefined) return;
  for (const [file, { inside, outside, count }] of [
    ['uid_map', namespace.users],
    ['gid_map', namespace.groups],
  ] as const) {
    writeFileSync(`/proc/${pid}/${file}`, `${inside} ${outside} ${count}\n`);
  }
}

/** Waits until the process is in a user namespace of its own. */
async function inNamespace(pid: number): Promise<void> {
  const mapped = () => readFileSync(`/proc/${pid}/uid_map`, 'utf8').trim() !== '';
  while (mapped()) await new Promise((resolve) => setImmediate(resolve));
}

/** What the log of the recorder says about each cell. */
function readLog(
  log: string,
  saver: Saver,
  requests: readonly Cell[],
): { instants: FileState[]; held: number }[] {
  const cells: { instants: FileState[]; held: number }[] = [];
  let current: { instants: FileState[]; held: number } | undefined;
  for (const line of log.split('\n')) {
    const [word, , mode = '', uid = '', gid = '', list = ''] = line.split(' ');
    if (word === 'full') throw new Error('the recorder has no room for more files');
    if (word === 'cell') {
      current = { instants: [], held: 0 };
      cells.push(current);
    }
    if (word === 'over') current = undefined;
    if (current === undefined) continue;
    if (word === 'held') current.held = current.instants.length;
    if (word === 'state') {
      const state = { mode: Number.parseInt(mode, 8), uid: Number(uid), gid: Number(gid) };
      const seen = { ...state, list: list === '-' ? '' : list };
      const isOfDirectory = requests[cells.length - 1]?.place === 'set-group-id';
      current.instants.push(withIds(seen, userSeenBy(saver), groupSeenBy(saver, isOfDirectory)));
    }
  }
  return cells;
}

/** Makes all saves of a process. */
export async function runCells(
  directory: string,
  variant: Variant,
  saver: Saver,
  { node, programs, recorder }: Installation,
  subjects: Subjects,
  cells: readonly Cell[] = cellsOf(variant, saver),
): Promise<{ seen: Seen[]; left: string[] }> {
  makePlaces(directory);
  const nameOf = (index: number) => `file-${index}`;
  const pathOf = (index: number) => join(directory, cells[index]?.place ?? '', nameOf(index));
  makeOldFiles(cells, pathOf);
  const all = () => new Map(PLACES.map((place) => [place, filesIn(join(directory, place))]));
  const before = all();

  const [program = node, ...args] = [...saver.start, node, join(programs, 'save-cells.mjs')];
  const child = spawn(program, args, {
    cwd: '/',
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      INDELIBLE_ENGINE: variant.engine,
      INDELIBLE_TEST_DENY: saver.denied ?? '',
      LD_PRELOAD: recorder,
      UV_USE_IO_URING: '0',
    },
  });
  const { stdin, stdout, stderr, pid } = child;
  const log = child.stdio[3];
  if (stdin === null || stdout === null || stderr === null || pid === undefined)
    throw new Error('not started');
  if (log === null || log === undefined || !('read' in log)) throw new Error('no log');
  const [logged, errors, ended] = [text(log), text(stderr), once(child, 'close')];
  if (saver.namespace !== undefined) {
    await inNamespace(pid);
    mapIds(pid, saver);
    stdin.write('mapped\n');
  }
  const requests = cells.map(({ call, options, umask }, index) => ({
    call,
    path: pathOf(index),
    options,
    umask,
  }));
  stdin.write(`${JSON.stringify(requests)}\n`);
  const outcomes: { readable: boolean; error?: Failure }[] = [];
  const looks = new Map<number, string[][]>();
  for await (const line of createInterface({ input: stdout })) {
    const answer = JSON.parse(line);
    if (answer.holds === undefined) {
      outcomes.push(answer);
      continue;
    }
    const held = cells[answer.holds];
    const place = join(directory, held?.place ?? '');
    const names = readdirSync(place).filter((name) => name.startsWith('.indelible-'));
    looks.set(answer.holds, await subjects.rightsTo(names.map((name) => join(place, name))));
    if (held?.meanwhile !== undefined) chmodSync(pathOf(answer.holds), held.meanwhile);
    stdin.write('go on\n');
  }
  await ended;
  const lines = readLog(await logged, saver, cells);
  if (outcomes.length !== cells.length || lines.length !== cells.length) {
    throw new Error(`${saver.name} has made ${outcomes.length} of ${cells.length} saves: ${await errors}`);
  }

  const after = all();
  rmSync(directory, { recursive: true });
  const left = PLACES.flatMap((place) => [...(after.get(place)?.keys() ?? [])]).filter((name) =>
    name.startsWith('.indelible-'),
  );
  const ordinary = new Map<string, FileState>();
  const seen = cells.map((cell, index): Seen => {
    const kind = `${cell.place} ${cell.umask}`;
    const now = after.get(cell.place)?.get(nameOf(index));
    if (cell.call === 'writeFile' && now !== undefined) ordinary.set(kind, now);
    const measure = ordinary.get(kind);
    const outcome = outcomes[index];
    const line = lines[index];
    if (measure === undefined || outcome === undefined || line === undefined) {
      throw new Error('the first save of each kind is the measure');
    }
    const old = before.get(cell.place)?.get(nameOf(index));
    const changes = old !== undefined && cell.meanwhile !== undefined;
    return {
      ...{ cell, saver, variant, ordinary: measure, held: line.held },
      before: changes ? { ...old, mode: cell.meanwhile ?? 0 } : old,
      instants: line.instants,
      after: now,
      previous: after.get(cell.place)?.get(`${nameOf(index)}~`),
      looks: changes ? [] : (looks.get(index) ?? []),
      readable: outcome.readable,
      failure: outcome.error,
    };
  });
  return { seen, left };
}
