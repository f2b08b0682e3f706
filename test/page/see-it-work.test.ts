// biome-ignore-all lint/performance/useDomNodeTextContent: the tests compare what a reader sees, without hidden text.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import { positionAt } from '../../docs/see-it-work/moment.js';
import { buildPage } from '../../docs/see-it-work/page.js';
import type { Recordings } from '../../docs/see-it-work/recordings.js';
import { stepsOf } from '../../docs/see-it-work/steps.js';
import { milliseconds, percent } from '../../docs/see-it-work/words.js';
import { chromiumUnavailable, launchChromium } from './chromium.js';
import { crashShown, seek } from './page-under-test.js';
import {
  assertShows,
  expected,
  fragment,
  mostOutcomes,
  PAGE,
  recorded,
  recordings,
  SeePages,
  SOURCES,
  titleOf,
} from './see-page.js';

const missing = await chromiumUnavailable();
if (missing !== undefined) process.stderr.write(`see-it-work.test.ts is skipped: ${missing}\n`);

describe.skipIf(missing !== undefined)('the page docs/see-it-work.html', () => {
  let browser: Browser;
  const pages = new SeePages(() => browser);
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
  });
  afterEach(() => pages.close());

  it('plays a recording to its end', async () => {
    const { pair, run } = recorded('ext4', 'save', false);
    const page = await pages.open(fragment(pair, false));
    await page.getByLabel('Speed').selectOption('100');
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await page.getByRole('button', { name: 'Pause' }).waitFor();
    await page.getByRole('button', { name: 'Play', exact: true }).waitFor();
    assert.equal(await page.locator('#clock').innerText(), milliseconds(run.end));
    await assertShows(page, pair, run, run.end);
  });

  it('goes step by step through everything that happens, forth and back', async () => {
    const { pair, run } = recorded('xfs', 'textbook', true);
    const page = await pages.open(fragment(pair, true));
    const times = [...new Set(stepsOf(run).map(({ at }) => at))];
    const forth = page.getByRole('button', { name: 'Step forward' });
    for (const [index, at] of times.entries()) {
      await forth.click();
      assert.equal(await page.locator('#clock').innerText(), milliseconds(at));
      // What lies between two steps is shown the same way; some of them are enough.
      if (index % 8 === 0) await assertShows(page, pair, run, at);
    }
    const back = page.getByRole('button', { name: 'Step back' });
    for (const at of times.slice(0, -1).reverse().slice(0, 5)) {
      await back.click();
      assert.equal(await page.locator('#clock').innerText(), milliseconds(at));
    }
  });

  for (const filesystem of ['ext4', 'xfs', 'btrfs']) {
    it(`shows what each recipe leaves on ${filesystem} in a crash, at the instants with most outcomes and behind the promise`, async () => {
      const page = await pages.open('#tour=0');
      for (const pair of recordings.pairs.filter((one) => one.filesystem === filesystem)) {
        for (const busy of [false, true]) {
          const run = busy ? pair.beside : pair.alone;
          await page.evaluate(
            (hash) => {
              location.hash = hash;
            },
            fragment(pair, busy),
          );
          await page
            .getByRole('article', { name: `${titleOf(pair)} on ${filesystem}`, exact: true })
            .waitFor();
          for (const at of [mostOutcomes(run), run.settled]) {
            await seek(page, at);
            await page.getByRole('button', { name: 'Crash now' }).click();
            assert.deepEqual(await crashShown(page), [expected(pair, run, at)]);
          }
        }
      }
    });
  }

  it('says "lost" where the program had been told that it was saved', async () => {
    const { pair, run } = recorded('ext4', 'no-directory-sync', false);
    const page = await pages.open(fragment(pair, false));
    await seek(page, run.settled - 1);
    await page.getByRole('button', { name: 'Crash now' }).click();
    assert.doesNotMatch(
      await page.locator('.crash-report').innerText(),
      /The save had resolved, but the new version is lost/,
    );
    await seek(page, run.settled);
    await page.getByRole('button', { name: 'Crash now' }).click();
    assert.match(
      await page.locator('.crash-report').innerText(),
      /The save had resolved, but the new version is lost/,
    );
  });

  it('shows two recipes side by side on one clock, and crashes both', async () => {
    const [first, second] = [recorded('ext4', 'textbook', true), recorded('ext4', 'rename-unsynced', true)];
    const page = await pages.open(fragment(first.pair, true));
    await page.locator('#choosing summary').click();
    await page.getByLabel('Side by side with').selectOption('rename-unsynced');
    assert.equal(await page.locator('#stages > article').count(), 2);
    const at = second.run.settled;
    await seek(page, at);
    await page.getByRole('button', { name: 'Crash now' }).click();
    assert.deepEqual(await crashShown(page), [
      expected(first.pair, first.run, at),
      expected(second.pair, second.run, at),
    ]);
  });

  const answers: [name: string, recipe: string, right: RegExp][] = [
    ['a temporary on another filesystem', 'copied-over', /no longer atomic/],
    ['no fsync before the rename', 'rename-unsynced', /neither of them/],
    ['no sync of the directory', 'no-directory-sync', /the name may still be/],
  ];
  for (const [index, [name, recipe, right]] of answers.entries()) {
    it(`answers the question about ${name} with what was recorded`, async () => {
      const page = await pages.open();
      const question = page.locator('.question').nth(index);
      await question.getByRole('button').first().click();
      assert.match(await question.locator('.answer').innerText(), /^Wrong\./);
      await question.getByRole('button', { name: right }).click();
      assert.match(await question.locator('.answer').innerText(), /^Right\./);
      const pairs = recordings.pairs.filter((pair) => pair.recipe === recipe);
      const tallies = pairs.map(({ filesystem, survey: { before, after } }) => {
        const count = (key: keyof typeof after) => after[key] + (recipe === 'copied-over' ? before[key] : 0);
        return { filesystem, count };
      });
      // What no crash has left has no column.
      const left = (['old', 'new', 'empty', 'torn', 'missing'] as const).filter((key) =>
        tallies.some(({ count }) => count(key) > 0),
      );
      const heads = await question.locator('thead th').allInnerTexts();
      assert.deepEqual(heads, ['filesystem', 'crashes', ...left]);
      for (const [row, { filesystem, count }] of tallies.entries()) {
        const cells = await question.locator('tbody tr').nth(row).locator('th, td').allInnerTexts();
        const shares = left.map((key) => (count(key) === 0 ? '' : percent(count(key) / count('states'))));
        assert.deepEqual(cells, [filesystem, String(count('states')), ...shares]);
      }
      if (recipe === 'copied-over') {
        assert.match(await question.locator('.answer pre').innerText(), /^rename.* = -1 EXDEV/);
      }
      await question.getByRole('button', { name: 'xfs' }).click();
      await page.getByRole('heading', { name: /^The power fails/, level: 4 }).waitFor();
      assert.equal(await page.getByRole('button', { name: 'Power back on' }).count(), 1);
      assert.match(page.url(), new RegExp(`recipe=${recipe}`));
    });
  }

  it('shows another outcome where another one was recorded', async () => {
    const { pair, run } = recorded('ext4', 'save', false);
    const position = positionAt(run, run.settled);
    const changed: Recordings = structuredClone(recordings);
    const target = changed.pairs.find(({ filesystem, recipe }) => filesystem === 'ext4' && recipe === 'save');
    assert.ok(target !== undefined);
    Object.assign(target, { found: [...target.found, '15360:n3z27'] });
    const torn = target.found.length - 1;
    Object.assign(target.alone.crashes[position] ?? {}, { outcomes: [[torn, 0, 1]], all: torn, none: torn });
    const directory = mkdtempSync(join(tmpdir(), 'indelible-test-'));
    try {
      const file = join(directory, 'page.html');
      writeFileSync(file, await buildPage(SOURCES, JSON.stringify(changed)));
      const shown = [];
      for (const one of [PAGE, file]) {
        const page = await pages.open(fragment(pair, false), {}, one);
        await seek(page, run.settled);
        await page.getByRole('button', { name: 'Crash now' }).click();
        shown.push((await crashShown(page)).flat().map(({ found, share }) => [found, share]));
      }
      assert.deepEqual(shown, [[['new', percent(1)]], [['torn', percent(1)]]]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('is used with the keyboard alone', async () => {
    const { pair, run } = recorded('btrfs', 'textbook', false);
    const page = await pages.open(fragment(pair, false));
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    const second = [...new Set(stepsOf(run).map(({ at }) => at))][1] ?? 0;
    assert.equal(await page.locator('#clock').innerText(), milliseconds(second));
    await page.locator('#time').focus();
    await page.keyboard.press('ArrowLeft');
    assert.equal(await page.locator('#clock').innerText(), milliseconds(0));
    await page.keyboard.press('End');
    await page.keyboard.press('c');
    assert.match(await page.locator('.crash-report').innerText(), /^The power fails at/);
    await page.locator('#play').focus();
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    assert.equal(await focused.innerText(), 'Power back on');
    await page.keyboard.press('Enter');
    assert.equal(await focused.innerText(), 'Crash now');
    assert.equal(await page.locator('.crash-report').isVisible(), false);
  });

  it('goes to the moment that is pointed at in the timeline', async () => {
    const { pair, run } = recorded('ext4', 'textbook', false);
    const page = await pages.open(fragment(pair, false));
    const box = await page.locator('.timeline').boundingBox();
    assert.ok(box !== null);
    await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    const at = Number(await page.locator('#time').inputValue());
    const middle = (run.begin + run.end) / 2;
    assert.ok(Math.abs(at - middle) < (2 * (run.end - run.begin)) / box.width, `${at} is not ${middle}`);
    await assertShows(page, pair, run, at);
  });

  it('plays at the speed that is chosen', async () => {
    const { pair } = recorded('ext4', 'textbook', false);
    const page = await pages.open(fragment(pair, false));
    const passed = async (slowness: string) => {
      await page.getByRole('button', { name: 'To the beginning' }).click();
      await page.getByLabel('Speed').selectOption(slowness);
      return page.evaluate(async () => {
        const slider = document.querySelector<HTMLInputElement>('#time');
        const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));
        document.querySelector<HTMLElement>('#play')?.click();
        const started = await frame();
        const from = Number(slider?.value);
        let now = started;
        for (let count = 0; count < 15; count++) now = await frame();
        const moved = Number(slider?.value) - from;
        document.querySelector<HTMLElement>('#play')?.click();
        return moved / (now - started);
      });
    };
    // Measured by the frames that it is played by, so that a slow machine does not matter.
    const [slow, fast] = [await passed('2000'), await passed('200')];
    assert.ok(fast > 4 * slow, `${fast} and ${slow} microseconds in a millisecond`);
  });

  it('tells a screen reader what has happened, and what a crash leaves', async () => {
    const { pair, run } = recorded('ext4', 'textbook', false);
    const page = await pages.open(fragment(pair, false));
    const said = page.locator('#said');
    await page.keyboard.press('ArrowRight');
    const [step] = stepsOf(run);
    assert.equal(await said.textContent(), `${milliseconds(step?.at ?? 0)}. ${step?.plain}`);
    await seek(page, run.settled);
    await page.keyboard.press('c');
    assert.match(
      (await said.textContent()) ?? '',
      /The file is whole\. 100\s% new version, whole\. The save had resolved/,
    );
    for (const strip of await page.locator('.layers .tiles').all()) {
      assert.notEqual(await strip.getAttribute('aria-label'), null);
    }
  });

  it('goes from step to step, where motion is to be reduced', async () => {
    const { pair, run } = recorded('ext4', 'overwrite', false);
    const page = await pages.open(fragment(pair, false), { reducedMotion: 'reduce' });
    const clock = page.locator('#clock');
    const seen = await clock.evaluate(async (output) => {
      const texts: string[] = [];
      const changes = new MutationObserver(() => texts.push(output.textContent ?? ''));
      changes.observe(output, { childList: true });
      document.getElementById('play')?.click();
      while (texts.length < 3) await new Promise((resolve) => setTimeout(resolve, 50));
      document.getElementById('play')?.click();
      return texts;
    });
    const times = [...new Set(stepsOf(run).map(({ at }) => milliseconds(at)))];
    for (const one of new Set(seen)) assert.ok(times.includes(one), `${one} is no step`);
  });

  for (const [device, width] of [
    ['a phone', 360],
    ['a desktop', 1280],
  ] as const) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`fits on ${device}, ${colorScheme}, with two recipes side by side and a crash`, async () => {
        const { pair, run } = recorded('btrfs', 'single-commit', true);
        const page = await pages.open(`${fragment(pair, true)}&and=textbook`, {
          viewport: { width, height: 740 },
          colorScheme,
        });
        await seek(page, run.settled);
        await page.getByRole('button', { name: 'Crash now' }).click();
        const widest = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(widest <= width, `${widest} pixels wide`);
        for (const control of await page.locator('button:visible, select:visible, input:visible').all()) {
          const box = await control.boundingBox();
          const right = (box?.x ?? 0) + (box?.width ?? 0);
          assert.ok(right <= width, `${await control.getAttribute('id')} ends at ${right}`);
        }
        const [ink, paper] = await page.evaluate(() => {
          const { color, backgroundColor } = getComputedStyle(document.body);
          return [color, backgroundColor].map((value) => Number(/\d+/.exec(value)?.[0]));
        });
        assert.equal((ink ?? 0) > (paper ?? 0), colorScheme === 'dark');
      });
    }
  }
});
