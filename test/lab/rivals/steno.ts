import { Writer } from 'steno';
import { oneAfterTheOther } from '../workload.js';

export default oneAfterTheOther('steno', async (path, content) => {
  // It takes strings and buffers; a Writer is made for one path.
  await new Writer(path).write(content);
  return { durability: 'durable' };
});
