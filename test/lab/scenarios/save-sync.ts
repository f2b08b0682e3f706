import { saveSync } from 'indelible';
import { oneAfterTheOther } from '../workload.js';

export default oneAfterTheOther('`saveSync`: the same', saveSync);
