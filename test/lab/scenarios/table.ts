import { save, saveAll, saveAllSync, saveSync } from 'indelible';
import type { Scenario } from '../scenario.js';
import { saveByTextbook } from '../textbook.js';
import { DROP_INS } from './drop-ins.js';
import { exclusiveAndReplacing, ifExistsFail } from './exclusive.js';
import { previousKept } from './keep-previous.js';
import { exchanged, renamedExclusively, symlinkReplaced } from './names.js';
import { temporaryCopied, temporaryOpened } from './open-temporary.js';
import { directoryReplaced } from './replace-directory.js';
import { savedTogether } from './save-together.js';
import { saverBursts } from './saver.js';
import { streamed } from './stream.js';
import { updated } from './update.js';
import { alone, inRounds, oneByOne, type Rounds } from './workloads.js';

const EIGHT = Array.from({ length: 8 }, (_, index) => index);
const LARGE = 5_000_000;
const LINKS = 16;
const DIRECTORIES = ['a', 'b', 'c', 'd', 'e', 'a/deep', 'a/deep/deeper', 'b/deep'];

const sixteenAtOnce = inRounds({
  title: 'sixteen `save` at once, half of them of new files, in two directories',
  existing: Object.fromEntries(EIGHT.map((index) => [`${index % 2}/old-${index}`, 3000])),
  rounds: 8,
  round: (volume, round) =>
    Promise.all(
      EIGHT.flatMap((index) => [
        volume.save(`${index % 2}/old-${index}`, 100 + round + index * 1000, save),
        volume.save(`${index % 2}/new-${round}-${index}`, 1 + index * 9000, save),
      ]),
    ),
});

const SINGLE = {
  title: 'one `save`, alone: every state of its log',
  existing: { replaced: 5000 },
  rounds: 1,
  round: (volume) => volume.save('replaced', 6000, save),
} satisfies Rounds;

const NATIVE = {
  save: oneByOne('`save`: new and replaced, 1 byte to 70 KB', save),
  'save-sync': oneByOne('`saveSync`: the same', saveSync),
  ordered: oneByOne(
    "`save` with `durability: 'ordered'`: never torn, maybe not the newest",
    (path, content) => save(path, content, { durability: 'ordered' }),
  ),
  'save-5mb': inRounds({
    title: '`save` of 5 MB: new and replaced',
    existing: { replaced: LARGE },
    rounds: 3,
    async round(volume, round) {
      await volume.save('replaced', LARGE + round, save);
      await volume.save(`new-${round}`, LARGE, save);
    },
  }),
  symlink: {
    ...inRounds({
      title: '`save` to symbolic links: to a file, and dangling',
      rounds: LINKS,
      async round(volume, round) {
        await volume.save('linked/target', 5000 + round, (_, content) => save(volume.path('link'), content));
        await volume.save(`linked/new-${round}`, 5000, (_, content) =>
          save(volume.path(`dangling-${round}`), content),
        );
      },
    }),
    prepare(volume) {
      volume.existing('linked/target', 5000);
      volume.existingLink('link', 'linked/target');
      for (let link = 0; link < LINKS; link++) volume.existingLink(`dangling-${link}`, `linked/new-${link}`);
    },
  },
  'make-directories': inRounds({
    title: '`save` with `makeDirectories`, three levels deep',
    rounds: 16,
    // Two at a time need the same new directories.
    round: (volume, round) =>
      Promise.all(
        ['one', 'two'].map((name) =>
          volume.save(`${round}/deep/deeper/${name}`, 5000, (path, content) =>
            save(path, content, { makeDirectories: true }),
          ),
        ),
      ),
  }),
  'if-exists-fail': ifExistsFail,
  'exclusive-and-replacing': exclusiveAndReplacing,
  'single-save': alone(SINGLE),
  'single-new-save': alone({
    ...SINGLE,
    title: `${SINGLE.title}, of a new file`,
    round: (volume) => volume.save('new', 6000, save),
  }),
  'keep-previous': previousKept,
  'same-path': inRounds({
    title: 'sixteen `save` at once to one path, published in the order of the calls',
    existing: { contested: 5000 },
    rounds: 8,
    round: (volume) =>
      Promise.all(Array.from({ length: 16 }, (_, index) => volume.save('contested', 5000 + index, save))),
  }),
  'sixteen-at-once': sixteenAtOnce,
  'first-saves': {
    ...sixteenAtOnce,
    title: `${sixteenAtOnce.title}, by a process that has saved nothing yet`,
    firstSaves: true,
    namedTemporaries: true,
  },
  // The file of the calling thread is published with those of the others, or between them.
  'save-sync-beside-save': inRounds({
    title: '`saveSync` of two files between eight `save` at once, in two directories',
    existing: Object.fromEntries(EIGHT.map((index) => [`${index % 2}/old-${index}`, 3000])),
    rounds: 8,
    round: (volume, round) =>
      Promise.all(
        EIGHT.flatMap((index) => [
          volume.save(`${index % 2}/old-${index}`, 100 + round + index * 9000, save),
          ...(index % 4 === 3 ? [volume.save(`${index % 2}/new-${round}-${index}`, 5000, saveSync)] : []),
        ]),
      ),
  }),
  'several-directories': inRounds({
    title: 'sixteen `save` at once, a new and a replaced file in each of eight directories',
    existing: Object.fromEntries(DIRECTORIES.map((directory) => [`${directory}/old`, 3000])),
    rounds: 8,
    round: (volume, round) =>
      Promise.all(
        DIRECTORIES.flatMap((directory, index) => [
          volume.save(`${directory}/old`, 100 + round + index * 1000, save),
          volume.save(`${directory}/new-${round}`, 1 + index * 9000, save),
        ]),
      ),
  }),
  'save-all': savedTogether('`saveAll` of 48 files, new and replaced, in three directories', saveAll),
  'save-all-sync': savedTogether('`saveAllSync`: the same', saveAllSync),
  saver: saverBursts,
  stream: streamed,
  update: updated(),
  'update-everywhere': updated({ lock: 'everywhere' }, "`update` with `lock: 'everywhere'`"),
  exchange: exchanged,
  'rename-exclusive': renamedExclusively,
  'replace-symlink': symlinkReplaced,
  'replace-directory': directoryReplaced,
  'open-temporary': temporaryOpened,
  'open-temporary-from': temporaryCopied,
} satisfies Record<string, Scenario>;

/** The same workload over the portable engine, whose temporaries always have names. */
function portable(native: Scenario): Scenario {
  const title = `${native.title}; the portable engine`;
  return { ...native, title, engine: 'portable', namedTemporaries: true };
}

/** The scenarios, by name. Each must hold on every mount. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  ...NATIVE,
  ...DROP_INS,
  'portable-save': portable(NATIVE.save),
  'portable-single-save': portable(NATIVE['single-save']),
  'portable-ordered': portable(NATIVE.ordered),
  'portable-make-directories': portable(NATIVE['make-directories']),
  'portable-if-exists-fail': portable(NATIVE['if-exists-fail']),
  'portable-exclusive-and-replacing': portable(NATIVE['exclusive-and-replacing']),
  'portable-keep-previous': portable(NATIVE['keep-previous']),
  'portable-save-all': portable(NATIVE['save-all']),
  'portable-saver': portable(NATIVE.saver),
  'portable-stream': portable(NATIVE.stream),
  'portable-save-sync-beside-save': portable(NATIVE['save-sync-beside-save']),
  'portable-update': portable(updated({ lock: 'thread' })),
  // The lab does not count links as litter, so its states belong to the share of litter.
  'portable-replace-symlink': { ...portable(NATIVE['replace-symlink']), namedTemporaries: false },
  // Not the library's: shows that the lab reports no fault where there is none.
  textbook: {
    ...oneByOne('fdatasync, rename, fsync of the directory, with Node alone', saveByTextbook),
    namedTemporaries: true,
  },
};
