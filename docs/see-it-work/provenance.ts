import { element } from './element.js';
import type { Pair, Recordings } from './recordings.js';
import { CELL, cellsOf } from './settings-file.js';
import { duration } from './words.js';

/** How the recordings were made, and what they do not show. */
export function provenance({
  kernel,
  node,
  processors,
  date,
  seed,
  flush,
  command,
  pairs,
}: Recordings): HTMLElement[] {
  const crashes = pairs.reduce((sum, { survey }) => sum + survey.before.states + survey.after.states, 0);
  const recordings = pairs.reduce((sum, { survey, cost }) => sum + survey.recordings + cost.recordings, 0);
  const lags = readerLags(pairs);
  const [middle = 0, longest = 0] = [lags[Math.floor(lags.length / 2)], lags.at(-1)];
  return [
    paragraph(
      `Each save is one run of the program that you see the code of, on the kernel’s own ext4, XFS or btrfs. strace notes its system calls. The disk is a program in memory that notes every write and every flush, in the order of their completion, and takes ${duration(flush)} for a flush, one at a time; reads and writes take no time of their own. Another process reads the file over and over, and notices a new version when it next gets its turn: ${duration(middle)} after the rename as a rule, ${duration(longest)} in the recording in which it waited longest. All of them use one clock. strace makes each call some ten microseconds slower.`,
    ),
    paragraph(
      `A crash is not played, either. From the log of the disk the crash lab builds what a disk with a volatile cache may hold at that moment: everything that a finished flush covers, and of the rest all, nothing, or a random part, with writes torn between sectors of ${CELL} bytes. The kernel mounts that disk and replays its journal, and the file is read. The shares count those disks; how a real disk chooses, nobody knows.`,
    ),
    paragraph(
      'Nothing on an idle machine reaches the disk by itself for seconds, so a recipe that syncs nothing seems to do no harm for long. On a real machine other programs sync, too, and with that make the filesystem commit whatever it has. “Another program” does so at random moments, about every twenty milliseconds. Of the recordings beside it you see the one whose crashes show most; what is said of “all recordings” counts the others, too. Of those with nothing else running you see the quickest, since the machine had other work and held some of them up. How often something was found depends on how often the other program syncs: it shows what can happen, and is no probability for another machine.',
    ),
    paragraph(
      `A square is one sector of the file: the old version has ${cellsOf('old')} of them, the new one ${cellsOf('new')}. Which of them are in memory, in the disk’s cache or on the platter is told from the bytes of the writes. In “on the platter” stands what was found when the disk had kept nothing of its cache.`,
    ),
    element(
      'dl',
      { class: 'facts' },
      ...[
        ['Recorded', `${date.slice(0, 10)}, ${kernel}, Node.js ${node}, ${processors}`],
        [
          'Number',
          `${recordings.toLocaleString('en')} saves, ${crashes.toLocaleString('en')} crashes; seed ${seed}`,
        ],
        ['Again', command],
      ].flatMap(([name = '', value]) => [element('dt', {}, name), element('dd', {}, value)]),
    ),
  ];
}

/** From each rename onto the file until another process read what it brought, in microseconds, the shortest first. */
function readerLags(pairs: readonly Pair[]): number[] {
  return pairs
    .flatMap(({ alone, beside }) => [alone, beside])
    .flatMap(({ calls, reads }) => {
      const rename = calls.findLast(
        ({ by, name, result }) => by === 'saver' && name.startsWith('rename') && result === '0',
      );
      const read = rename === undefined ? undefined : reads.find(([at]) => at > rename.start);
      return rename === undefined || read === undefined ? [] : [read[0] - rename.start];
    })
    .sort((a, b) => a - b);
}

function paragraph(text: string): HTMLElement {
  return element('p', {}, text);
}
