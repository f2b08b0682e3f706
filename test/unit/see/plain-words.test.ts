import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { plainCall } from '../../../docs/see-it-work/plain-words.js';
import type { Call } from '../../../docs/see-it-work/recordings.js';

const of = (name: string, text: string, result = '0'): Call => ({
  ...{ by: 'saver', thread: 0, start: 0, duration: 1 },
  ...{ name, text, result },
});

describe('the sentence above a system call', () => {
  const sentences: readonly (readonly [call: Call, sentence: RegExp])[] = [
    [
      of('openat', 'AT_FDCWD, "settings.json.temporary-8", O_WRONLY|O_CREAT|O_EXCL, 0666'),
      /beside the old one/,
    ],
    [of('openat', '20<.>, ".", O_WRONLY|O_CLOEXEC|O_TMPFILE, 0644'), /beside the old one/],
    [of('openat', 'AT_FDCWD, "settings.json.123", O_WRONLY|O_CREAT|O_TRUNC, 0666'), /beside the old one/],
    [of('openat', 'AT_FDCWD, "/tmp/settings.json", O_WRONLY|O_CREAT|O_TRUNC, 0666'), /on another filesystem/],
    [of('openat', 'AT_FDCWD, "settings.json", O_WRONLY|O_CREAT|O_TRUNC, 0666'), /it is empty now/],
    [of('openat', 'AT_FDCWD, "settings.json", O_RDWR|O_CLOEXEC'), /to be overwritten/],
    [of('openat', 'AT_FDCWD, ".", O_RDONLY|O_CLOEXEC'), /The directory is opened/],
    [of('write', '19<settings.json>, "…", 15360', '15360'), /over the old one/],
    [
      of('write', '19<settings.json.temporary-8>, "…", 15360', '15360'),
      /into the new file\. It is only in memory/,
    ],
    [of('fdatasync', '17<settings.json.temporary-8>'), /the new version is on the platter/],
    [of('fsync', '17<.>'), /sync of the directory, with the name, is done/],
    [of('fsync', '17</tmp/settings.json>'), /the temporary in \/tmp is on the platter/],
    [of('fstat', '17</tmp/settings.json>, {…}'), /looks at the temporary/],
    [of('rename', '"settings.json.temporary-8", "settings.json"'), /in one step/],
    [
      of('rename', '"/tmp/settings.json", "settings.json"', '-1 EXDEV (Invalid cross-device link)'),
      /refused/,
    ],
    [of('copy_file_range', '1</tmp/settings.json>, [0], 2<settings.json>', '-1 EXDEV (…)'), /cannot copy/],
    [of('sendfile', '2<settings.json>, 1</tmp/settings.json>, [0], 9', '9'), /copied over the old one/],
    [of('unlink', '"/tmp/settings.json"'), /removed/],
  ];
  for (const [call, sentence] of sentences) {
    it(`says of ${call.name}(${call.text}) = ${call.result} what it does`, () => {
      assert.match(plainCall(call, 'done'), sentence);
    });
  }

  it('says of a sync that has not ended that the program waits', () => {
    assert.match(plainCall(of('fsync', '17<.>'), 'begins'), /waits until/);
  });
});
