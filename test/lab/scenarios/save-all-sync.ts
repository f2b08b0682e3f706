import { saveAllSync } from 'indelible';
import { savedTogether } from '../save-together.js';

export default savedTogether('`saveAllSync`: the same', saveAllSync);
