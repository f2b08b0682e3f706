/** Writes the steps of the update protocols into the documents: `npm run docs:steps`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { PAGES, withSteps } from './protocol-pages.js';

for (const page of PAGES) writeFileSync(page, withSteps(readFileSync(page, 'utf8')));
