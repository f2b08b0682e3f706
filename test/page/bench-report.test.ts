import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { reportHtml } from '../../bench/report/html.js';
import { contenderNamed, reportOf, resultNamed, runOf } from '../unit/bench/measured.js';
import { chromiumUnavailable, launchChromium } from './chromium.js';
import { openPage } from './page-under-test.js';

const missing = await chromiumUnavailable();
if (missing !== undefined) process.stderr.write(`bench-report.test.ts is skipped: ${missing}\n`);

const results = [resultNamed('save, durable', 1000), resultNamed('write-file-atomic', 1500)];
const report = reportOf(
  runOf(
    [contenderNamed('save, durable', 1000, 'durable'), contenderNamed('write-file-atomic', 1500, 'none')],
    {
      bySize: [512, 4096].map((bytes) => ({ bytes, results })),
      byConcurrency: [1, 64].map((atOnce) => ({ atOnce, results })),
    },
  ),
);

describe.skipIf(missing !== undefined)('the report of a benchmark in a browser', () => {
  let browser: Browser;
  let directory = '';
  let file = '';
  beforeAll(async () => {
    browser = await launchChromium();
    directory = mkdtempSync(join(tmpdir(), 'indelible-report-'));
    file = join(directory, 'report.html');
    writeFileSync(file, reportHtml(report));
  });
  afterAll(async () => {
    await browser.close();
    rmSync(directory, { recursive: true });
  });

  for (const [device, width] of [
    ['a desktop', 1280],
    ['a phone', 390],
    ['a small phone', 360],
  ] as const) {
    it(`fits ${device}, requests nothing and says nothing to the console`, async () => {
      const { page, requests, messages } = await openPage(browser, file, '', {
        viewport: { width, height: 800 },
      });
      try {
        const overflow = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        assert.equal(overflow, 0);
        assert.equal(await page.locator('svg').count(), 3);
        const letters = page.locator('svg text').first();
        assert.ok(((await letters.boundingBox())?.height ?? 0) >= 11, 'the letters of a chart are too small');
        assert.equal(requests.length, 1);
        assert.deepEqual(messages, []);
      } finally {
        await page.context().close();
      }
    });
  }

  it('is dark where that is preferred, and light elsewhere', async () => {
    const brightness = async (colorScheme: 'dark' | 'light'): Promise<number[]> => {
      const { page } = await openPage(browser, file, '', { colorScheme });
      try {
        return await page.evaluate(() => {
          const { color, backgroundColor } = getComputedStyle(document.body);
          return [color, backgroundColor].map((one) => Number(/\d+/.exec(one)?.[0]));
        });
      } finally {
        await page.context().close();
      }
    };
    const [ink = 0, paper = 0] = await brightness('light');
    const [darkInk = 0, darkPaper = 0] = await brightness('dark');
    assert.ok(paper > 200 && ink < 60, `${ink} on ${paper}`);
    assert.ok(darkPaper < 60 && darkInk > 200, `${darkInk} on ${darkPaper}`);
  });
});
