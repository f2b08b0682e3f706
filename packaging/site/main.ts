import { writeSite } from './site.js';

await writeSite('.', 'build/site');
