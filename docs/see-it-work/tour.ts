import type { Call, Pair, Run } from './recordings.js';

/** A stop of the tour. */
export interface Stop {
  title: string;
  at: number;
  text: string;
}

/** The stops of the tour through a recording of the textbook recipe. @throws {Error} if it lacks one of the steps. */
export function stopsOf({ calls, requests, reads, settled }: Run): Stop[] {
  const first = (what: string, is: (call: Call) => boolean): Call => {
    const found = calls.find((call) => call.by === 'saver' && !call.result.startsWith('-') && is(call));
    if (found === undefined) throw new Error(`the recording has no ${what}`);
    return found;
  };
  const end = ({ start, duration }: Call) => start + duration;
  const write = first('write', ({ bytes = 0 }) => bytes > 0);
  const sync = first('sync', ({ name, text }) => /^f(?:data)?sync$/.test(name) && !text.includes('<.>'));
  const rename = first('rename', ({ name }) => name.startsWith('rename'));
  const directory = first(
    'sync of the directory',
    ({ name, text }) => name === 'fsync' && text.includes('<.>'),
  );
  const committed = requests.findLast(
    ({ kind, end: at }) => kind !== 'flush' && at > directory.start && at < end(directory),
  );
  if (committed === undefined) throw new Error('the sync of the directory writes nothing');
  return [
    {
      title: 'Write',
      at: end(write),
      text: 'A new file is made beside the old one, and the new version is written into it. So far it is only in memory, and the live file has not been touched.',
    },
    {
      title: 'Sync',
      at: end(sync),
      text: 'The program has waited until the whole new version is on the platter. The name still belongs to the old version.',
    },
    {
      title: 'Rename',
      // The other program reads again and again; it may take a moment until it sees the new version.
      at: reads.find(([at]) => at > rename.start && at < committed.end)?.[0] ?? end(rename),
      text: 'The new file has taken the name in one step. Other programs saw the old version until now, and see the new one from now on. But the disk does not know the new name yet.',
    },
    {
      title: 'Directory sync',
      at: committed.end,
      text: 'The name belongs to the directory, so the directory is synced, too. The new name is in the cache of the disk: it may survive or not, but either version is whole.',
    },
    {
      title: 'Saved',
      at: settled,
      text: 'The directory is on the platter, and the program is told that its file is saved. From now on every crash leaves the new version.',
    },
  ];
}

/** The recording that the tour goes through: the textbook recipe with nothing else running. */
export function tourRecording(pairs: readonly Pair[]): { pair: Pair; run: Run } {
  const pair = pairs.find(({ filesystem, recipe }) => filesystem === 'ext4' && recipe === 'textbook');
  if (pair === undefined) throw new Error('the textbook recipe was not recorded');
  return { pair, run: pair.alone };
}
