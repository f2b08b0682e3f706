import fastWriteAtomic from 'fast-write-atomic';
import { oneAfterTheOther } from '../workload.js';

export default oneAfterTheOther('fast-write-atomic', async (path, content) => {
  await fastWriteAtomic.promise(path, content);
  return { durability: 'durable' };
});
