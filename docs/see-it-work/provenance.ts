import { element } from './element.js';
import type { Pair, Recordings } from './recordings.js';
import { CELL, cellsOf } from './settings-file.js';
import { duration } from './words.js';

/** How the recordings were made, and their limits. */
export function provenance({ sessions, flush, pairs }: Recordings): HTMLElement[] {
  const crashes = pairs.reduce((sum, { survey }) => sum + survey.before.states + survey.after.states, 0);
  const recordings = pairs.reduce((sum, { survey, cost }) => sum + survey.recordings + cost.recordings, 0);
  const lags = readerLags(pairs);
  const [middle = 0, longest = 0] = [lags[Math.floor(lags.length / 2)], lags.at(-1)];
  return [
    paragraph(
      `Each save is one run of the code that the page shows, on the kernel’s own ext4, XFS or btrfs. strace logs its system calls. The disk is a program in memory. It logs every write and every flush in the order of completion. A flush takes ${duration(flush)}, one at a time; reads and writes take no additional time. Another process reads the file repeatedly. It sees a new version when it is next scheduled: the median is ${duration(middle)} after the rename, the longest time in a recording ${duration(longest)}. All of them use one clock. strace makes each call about ten microseconds slower.`,
    ),
    paragraph(
      `The crashes are real, too. From the log of the disk the crash lab builds the disks that a volatile cache may leave at that moment: everything that a complete flush covers, and of the rest all, nothing, or a random part, with writes torn between sectors of ${CELL} bytes. The kernel mounts each disk and replays its journal, and the file is read. The shares count these disks. What a real disk keeps is not known.`,
    ),
    paragraph(
      'On an idle machine no data reaches the disk for seconds, so a recipe without syncs seems harmless for a long time. On a real machine other programs sync, too, and make the filesystem commit all its changes. “Another program” does so at random moments, about every twenty milliseconds. Of the recordings with it, the page shows the one whose crashes show most; numbers about “all recordings” include the others. Of the recordings with nothing else running, the page shows the quickest, because other work of the machine delayed some of them. The frequency of an outcome depends on how often the other program syncs. It shows what can happen, and is not a probability for another machine.',
    ),
    paragraph(
      `A square is one sector of the file: the old version has ${cellsOf('old')}, the new one ${cellsOf('new')}. The bytes of the writes show which of them are in memory, in the disk’s cache or on the platter. “On the platter” shows the file that was found when the disk kept nothing of its cache.`,
    ),
    element(
      'dl',
      { class: 'facts' },
      ...[
        ['Number', `${recordings.toLocaleString('en')} saves, ${crashes.toLocaleString('en')} crashes`],
        ...sessions.flatMap(({ kernel, node, processors, date, seed, command, commit }) => [
          ['Recorded', `${date.slice(0, 10)}, ${kernel}, Node.js ${node}, ${processors}; seed ${seed}`],
          ['Command', commit === undefined ? command : `${command} of commit ${commit}`],
        ]),
      ].flatMap(([name = '', value]) => [element('dt', {}, name), element('dd', {}, value)]),
    ),
  ];
}

/**
 * Times from each rename onto the file until another process read the new version, in microseconds, sorted.
 */
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
