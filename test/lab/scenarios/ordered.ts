import { save } from 'indelible';
import { oneAfterTheOther } from '../workload.js';

export default oneAfterTheOther(
  "`save` with `durability: 'ordered'`: never torn, maybe not the newest",
  (path, content) => save(path, content, { durability: 'ordered' }),
);
