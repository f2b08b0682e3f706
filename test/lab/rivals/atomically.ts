import { writeFile } from 'atomically';
import { oneAfterTheOther } from '../workload.js';

export default oneAfterTheOther('atomically', async (path, content) => {
  await writeFile(path, content);
  return { durability: 'durable' };
});
