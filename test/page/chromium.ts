import { accessSync, constants } from 'node:fs';
import type { Browser } from 'playwright-core';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** The browser does what the page asks of it, and nothing by itself. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why no page can be opened here, or `undefined` if one can. */
export async function chromiumUnavailable(): Promise<string | undefined> {
  try {
    accessSync(EXECUTABLE, constants.X_OK);
  } catch {
    return `needs ${EXECUTABLE} (Debian package chromium)`;
  }
  try {
    await import('playwright-core');
    return undefined;
  } catch {
    return 'needs the npm package playwright-core';
  }
}

/** Starts the browser without a window, with a new, empty profile. */
export async function launchChromium(): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS, timeout: 0 });
}
