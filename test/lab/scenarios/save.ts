import { save } from 'indelible';
import { oneAfterTheOther } from '../workload.js';

export default oneAfterTheOther('`save`: new and replaced, 1 byte to 70 KB', save);
