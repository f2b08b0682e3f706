// biome-ignore-all lint/performance/useDomNodeTextContent: the tests compare what a reader sees, without hidden text.
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** A page in a browser, and what it has asked for and said since it was opened. */
export interface PageUnderTest {
  page: Page;
  /** Addresses that it has requested. */
  requests: readonly string[];
  /** Console messages, and errors that nothing caught. */
  messages: readonly string[];
}

/** Opens a file, with nothing that stops a test for being slow. */
export async function openPage(
  browser: Browser,
  file: string,
  fragment = '',
  options: BrowserContextOptions = {},
): Promise<PageUnderTest> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  context.setDefaultTimeout(0);
  const page = await context.newPage();
  const requests: string[] = [];
  const messages: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => messages.push(message.text()));
  page.on('pageerror', (error) => messages.push(error.message));
  await page.goto(`${pathToFileURL(file)}${fragment}`);
  return { page, requests, messages };
}

/** Moves the slider to a time, in microseconds. */
export async function seek(page: Page, at: number): Promise<void> {
  await page.locator('#time').evaluate((slider, time) => {
    if (!('value' in slider)) throw new Error('not a slider');
    slider.value = String(time);
    slider.dispatchEvent(new Event('input', { bubbles: true }));
  }, at);
}

/** What the crash report shows: of each stage, the kind of each outcome, its number of states and its judgement. */
export async function crashShown(
  page: Page,
): Promise<{ found: string; states: number; share: string; judgement: string }[][]> {
  return page.locator('.crash-report').evaluateAll((stages) =>
    stages.map((stage) =>
      [...stage.querySelectorAll<HTMLElement>('.outcome')].map((outcome) => ({
        found: outcome.dataset.found ?? '',
        states: Number(outcome.dataset.states),
        share: outcome.querySelector<HTMLElement>('.share b')?.innerText ?? '',
        judgement: outcome.querySelector<HTMLElement>('.judgement')?.innerText ?? '',
      })),
    ),
  );
}
