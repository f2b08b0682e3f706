// Preloaded: writes the path of each save by this package to the file INDELIBLE_TRACE.
import { subscribe } from 'node:diagnostics_channel';
import { appendFileSync } from 'node:fs';

subscribe('indelible:save:end', ({ path }) => appendFileSync(process.env.INDELIBLE_TRACE, `${path}\n`));
