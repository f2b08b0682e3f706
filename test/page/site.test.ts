import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { renderDocument } from '../../packaging/site/document.js';
import { writeSite } from '../../packaging/site/site.js';
import { accessibilityFindings } from './accessibility.js';
import { chromiumUnavailable, launchChromium } from './chromium.js';
import { openPage, type PageUnderTest } from './page-under-test.js';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const missing = await chromiumUnavailable();
if (missing !== undefined) process.stderr.write(`site.test.ts is skipped in part: ${missing}\n`);

describe('the site', () => {
  let site = '';
  let pages: readonly string[] = [];
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (missing === undefined) browser = await launchChromium();
    site = mkdtempSync(join(tmpdir(), 'indelible-site-'));
    await writeSite(PROJECT, site);
    pages = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.html'));
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(site, { recursive: true });
  });

  async function open(name: string, options: BrowserContextOptions = {}): Promise<PageUnderTest> {
    if (browser === undefined) throw new Error('no browser');
    return openPage(browser, join(site, name), '', options);
  }

  it('has a page for each document, and links to each that users read', () => {
    const documents = readdirSync(join(PROJECT, 'docs')).filter((name) => name.endsWith('.md'));
    const index = readFileSync(join(site, 'index.html'), 'utf8');
    for (const name of documents) {
      const page = name.replace(/\.md$/, '.html');
      assert.ok(pages.includes(page), page);
      if (!name.startsWith('crash-results') && name !== 'benchmarks.md') {
        assert.ok(index.includes(`<li><a href="./${page}">`), `${page} is not in the list of documents`);
      }
    }
    assert.ok(pages.includes('see-it-work.html'));
  });

  it('has no link within it that leads to nothing, anchors included', () => {
    let links = 0;
    for (const page of pages) {
      const html = readFileSync(join(site, page), 'utf8');
      for (const [, link = ''] of html.matchAll(/<(?:a|link|img|script)[^>]* (?:href|src)="([^"]+)"/g)) {
        if (/^(?:https:|data:)/.test(link)) continue;
        const [path = '', anchor] = link.split('#');
        const file = path === '' ? join(site, page) : resolve(dirname(join(site, page)), path);
        assert.ok(existsSync(file), `${page} links to ${link}`);
        if (anchor !== undefined) {
          assert.ok(readFileSync(file, 'utf8').includes(`id="${anchor}"`), `${page} links to ${link}`);
        }
        links++;
      }
    }
    assert.ok(links > 500, `only ${links} links`);
  });

  it('loads nothing from elsewhere', () => {
    for (const page of pages) {
      const html = readFileSync(join(site, page), 'utf8');
      assert.doesNotMatch(html, /<(?:script|img|iframe)[^>]* src="(?:https?:)?\/\//, page);
      assert.doesNotMatch(html, /<link[^>]* href="(?:https?:)?\/\//, page);
    }
  });

  describe.skipIf(missing !== undefined)('in a browser', () => {
    it('finds a section in any document, without a server', async () => {
      const { page, requests, messages } = await open('api/index.html');
      await page.getByLabel('Search').fill('torn write');
      await page.locator('#found a').first().waitFor();
      await page.getByLabel('Search').fill('single-commit ext4');
      const link = page.locator('#found a', { hasText: 'single-commit on ext4' });
      await link.click();
      await page.waitForURL(/durability\.html#single-commit-on-ext4$/);
      assert.equal(await page.locator('h3#single-commit-on-ext4').isVisible(), true);
      await page.getByLabel('Search').fill('xyzzyplugh');
      await page.locator('#found', { hasText: 'Nothing was found.' }).waitFor();
      for (const request of requests) assert.match(request, /^(?:file|data):/);
      assert.deepEqual(messages, []);
      await page.context().close();
    });

    for (const [device, width] of [
      ['a desktop', 1280],
      ['a telephone', 390],
    ] as const) {
      it(`fits ${device}, and axe-core finds nothing there`, async () => {
        for (const name of ['index.html', 'durability.html', 'api/index.html']) {
          const { page } = await openPage(browser, join(site, name), '', {
            viewport: { width, height: 800 },
          });
          assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, name);
          assert.deepEqual(await accessibilityFindings(page), [], name);
          await page.context().close();
        }
      });
    }
  });
});

describe('a document of the site', () => {
  const addressOf = (path: string) =>
    new Map([
      ['docs/a.md', 'a.html'],
      ['docs/api/b.md', 'api/b.html'],
      ['README.md', 'index.html'],
    ]).get(path);

  it('has the anchors that GitHub gives its headings', () => {
    const { html } = renderDocument('docs/a.md', '# A b\n\n## `x-y`, *and* (z)\n\n## A b\n', addressOf);
    assert.deepEqual(
      [...html.matchAll(/id="([^"]+)"/g)].map(([, id]) => id),
      ['a-b', 'x-y-and-z', 'a-b-1'],
    );
  });

  it('links to the pages of other documents, and not to files that the site does not have', () => {
    const text = '[b](api/b.md#c) [readme](../README.md) [code](../src/index.ts) [web](https://x.example/)\n';
    assert.equal(
      renderDocument('docs/a.md', text, addressOf).html,
      '<p><a href="api/b.html#c">b</a> <a href="index.html">readme</a> <span>code</span> <a href="https://x.example/">web</a></p>\n',
    );
    assert.match(renderDocument('docs/api/b.md', '[a](../a.md)', addressOf).html, /href="\.\.\/a\.html"/);
  });

  it('is searched by its sections', () => {
    const { sections } = renderDocument(
      'docs/a.md',
      '# T\n\nfirst\n\n## H\n\n| x |\n| - |\n| `y` |\n',
      addressOf,
    );
    assert.deepEqual(
      sections.map(({ address, document, heading, text }) => [address, document, heading, text]),
      [
        ['a.html#t', 'T', 'T', 'first\n'],
        ['a.html#h', 'T', 'H', 'x\ny\n'],
      ],
    );
  });

  it('shows HTML as text', () => {
    assert.match(renderDocument('docs/a.md', '<script>alert(1)</script>', addressOf).html, /&lt;script&gt;/);
  });
});
