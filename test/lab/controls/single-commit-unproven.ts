import type { Control } from '../scenario.js';
import { saveBySingleCommit, WRITE_BACK } from '../single-commit.js';
import { oneAfterTheOther } from '../workload.js';

const control: Control = {
  ...oneAfterTheOther('the single-commit protocol where it is not safe', (path, content) =>
    saveBySingleCommit(path, content, WRITE_BACK),
  ),
  caughtOn: ['btrfs', 'ext4-no-journal'],
};
export default control;
