import { saveAll } from 'indelible';
import { savedTogether } from '../save-together.js';

export default savedTogether('`saveAll` of 48 files, new and replaced, in three directories', saveAll);
