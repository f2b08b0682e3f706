import type { Control } from '../scenario.js';
import { START_WRITE_BACK, saveBySingleCommit } from '../single-commit.js';
import { oneAfterTheOther } from '../workload.js';

const control: Control = {
  ...oneAfterTheOther('sync_file_range without waiting, rename, sync of the directory', (path, content) =>
    saveBySingleCommit(path, content, START_WRITE_BACK),
  ),
  caughtOn: ['ext4', 'xfs'],
};
export default control;
