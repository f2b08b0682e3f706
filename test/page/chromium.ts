import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';

/** Without its windows and menus, Chromium starts in a fifth of the processor time. */
const EXECUTABLES = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];
const EXECUTABLE = process.env.CHROMIUM ?? EXECUTABLES.find((path) => existsSync(path));

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
  if (EXECUTABLE === undefined) return "needs Debian's package chromium-headless-shell or chromium";
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
