import writeFileAtomic from 'write-file-atomic';
import { oneAfterTheOther } from '../workload.js';

export default oneAfterTheOther('write-file-atomic', async (path, content) => {
  await writeFileAtomic(path, content);
  return { durability: 'durable' };
});
