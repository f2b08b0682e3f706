// biome-ignore-all lint/performance/useDomNodeTextContent: the tests compare what a reader sees, without hidden text.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import { allCombinations, playedBy, STEPS } from '../../docs/see-it-work/combinations.js';
import { outcomesAt } from '../../docs/see-it-work/crash-outcomes.js';
import { FAILURES } from '../../docs/see-it-work/example.js';
import { momentOfDifference, worstMoment } from '../../docs/see-it-work/moments.js';
import { LESSON } from '../../docs/see-it-work/scene.js';
import { stopsOf, tourRecording } from '../../docs/see-it-work/tour.js';
import { combinedOn, formatView } from '../../docs/see-it-work/view.js';
import { milliseconds } from '../../docs/see-it-work/words.js';
import { accessibilityFindings } from './accessibility.js';
import { chromiumUnavailable, launchChromium } from './chromium.js';
import { crashShown, seek } from './page-under-test.js';
import { expected, recorded, recordings, SeePages } from './see-page.js';

const missing = await chromiumUnavailable();
if (missing !== undefined) process.stderr.write(`see-lesson.test.ts is skipped: ${missing}\n`);

const SCREENS: readonly (readonly [name: string, options: BrowserContextOptions])[] = [
  ['a desktop', { viewport: { width: 1280, height: 800 } }],
  ['a telephone', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
];

describe.skipIf(missing !== undefined)('the lesson of docs/see-it-work.html', () => {
  let browser: Browser;
  const pages = new SeePages(() => browser);
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser.close();
  });
  afterEach(() => pages.close());

  for (const [device, options] of SCREENS) {
    it(`has both stages on the first screen of ${device}, and playing changes them there`, async () => {
      const page = await pages.open('', options);
      await assertInSight(page, '.stage .timeline', 2);
      await assertInSight(page, '.stage .platter .tiles', 2);
      const before = await page.locator('.stage').allInnerTexts();
      const heads = await page
        .locator('.playhead')
        .evaluateAll((all) => all.map((head) => head.getAttribute('style')));
      await page.getByRole('button', { name: 'Play', exact: true }).click();
      await page.waitForFunction(
        (texts) =>
          [...document.querySelectorAll('.stage')].every(
            (stage, index) => (stage as HTMLElement).innerText !== texts[index],
          ),
        before,
      );
      const moved = await page
        .locator('.playhead')
        .evaluateAll((all) => all.map((head) => head.getAttribute('style')));
      for (const [index, style] of moved.entries()) assert.notEqual(style, heads[index]);
      assert.equal(await page.evaluate(() => scrollY), 0);
    });

    it(`shows on ${device}, beside the timelines, that a crash ruins the one file and not the other`, async () => {
      const page = await pages.open('', options);
      await page.getByRole('button', { name: 'Crash now' }).click();
      await assertInSight(page, '.stage .timeline', 2);
      await assertInSight(page, '.crash-report .verdict', 2);
      assert.deepEqual(
        await page.locator('.verdict:visible').allInnerTexts(),
        ['The file is ruined.', 'The file is whole.'].concat(
          await page.locator('.failure .verdict').allInnerTexts(),
        ),
      );
      const [careless, safe] = [LESSON.careless, LESSON.safe].map((recipe) =>
        recorded(LESSON.filesystem, recipe, true),
      );
      assert.ok(careless !== undefined && safe !== undefined);
      const at = momentOfDifference(careless, safe);
      assert.equal(await page.locator('#clock').innerText(), milliseconds(at));
      assert.deepEqual(
        await outcomeKinds(page),
        [careless, safe].map(({ pair, run }) =>
          expected(pair, run, at).map(({ found, states }) => [found, states]),
        ),
      );
      await page.getByRole('button', { name: 'Power back on' }).click();
      assert.equal(await page.locator('.crash-report:visible').count(), 0);
    });

    it(`has a caption and a crash at each of the five stops of the tour on ${device}`, async () => {
      const page = await pages.open('#tour', options);
      const { pair, run } = tourRecording(recordings.pairs);
      const stops = stopsOf(run);
      assert.equal(stops.length, 5);
      for (const [index, { title, text, at }] of stops.entries()) {
        await page.getByRole('button', { name: 'Next stop' }).click();
        assert.equal(await page.locator('#caption').innerText(), `${index + 1}. ${title} ${text}`);
        await assertInSight(page, '#caption', 1);
        await assertInSight(page, '.stage .timeline', 1);
        await assertInSight(page, '.crash-report .verdict', 1);
        assert.equal(await page.locator('#clock').innerText(), milliseconds(at));
        assert.deepEqual(await crashShown(page), [expected(pair, run, at)]);
        assert.notEqual(await page.locator('.now .plain').innerText(), '');
      }
      await page.getByRole('button', { name: 'Play freely' }).click();
      assert.match(page.url(), /recipe=textbook/);
    });
  }

  it('says of each stop of the tour what was recorded: old, old, old, either, new', () => {
    const { pair, run } = tourRecording(recordings.pairs);
    const kinds = stopsOf(run).map(({ at }) =>
      [...new Set(outcomesAt(pair, run, 'durable', at).map(({ found }) => found.kind))].sort(),
    );
    assert.deepEqual(kinds, [['old'], ['old'], ['old'], ['new', 'old'], ['new']]);
  });

  it('lets the speed be chosen, except in the tour, which has its own', async () => {
    const page = await pages.open('');
    assert.equal(await page.getByLabel('Speed').isVisible(), true);
    await page.getByRole('radio', { name: 'Tour' }).check({ force: true });
    assert.equal(await page.getByLabel('Speed').isVisible(), false);
  });

  it('plays the tour from stop to stop by itself, and stops when it is asked to', async () => {
    const page = await pages.open('#tour', { reducedMotion: 'reduce' });
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await page.locator('#tour-at', { hasText: 'Stop 1 of 5' }).waitFor();
    await page.locator('#tour-at', { hasText: 'Stop 2 of 5' }).waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    assert.equal(await page.getByRole('button', { name: 'Play', exact: true }).count(), 1);
  });

  for (const filesystem of combinedOn(recordings)) {
    it(`plays and crashes every combination of the four steps on ${filesystem}, or says why it cannot be`, async () => {
      const page = await pages.open('#steps=&on=xfs');
      for (const steps of allCombinations()) {
        for (const step of STEPS) {
          await page.locator(`#steps input[value="${step}"]`).setChecked(steps.has(step));
        }
        await page.locator('#broken-on label', { hasText: filesystem }).click();
        assert.match(page.url(), new RegExp(`${formatView({ kind: 'break', steps, filesystem })}$`));
        const played = playedBy(steps);
        if ('impossible' in played) {
          assert.equal(await page.locator('.stage').count(), 0);
          assert.match(await page.locator('#caption').innerText(), /^This cannot be done\./);
          assert.ok((await page.locator('#caption').innerText()).includes(played.impossible));
          assert.ok(await page.locator('#play').isDisabled());
          continue;
        }
        const { pair, run } = recorded(filesystem, played.recipe, true);
        await page.keyboard.press('Escape');
        await page.locator('#time').focus();
        await page.keyboard.press('End');
        const at = worstMoment(pair, run) ?? run.end;
        assert.equal(await page.locator('#clock').innerText(), milliseconds(at));
        await page.getByRole('button', { name: 'Crash now' }).click();
        assert.deepEqual(await crashShown(page), [expected(pair, run, at)]);
      }
    });
  }

  it('does no harm with every step, and harm on a filesystem with any step left out', () => {
    for (const steps of allCombinations()) {
      const played = playedBy(steps);
      if ('impossible' in played) continue;
      const harmed = combinedOn(recordings).filter((filesystem) => {
        const { pair, run } = recorded(filesystem, played.recipe, true);
        return worstMoment(pair, run) !== undefined;
      });
      assert.equal(harmed.length === 0, steps.size === STEPS.length, `${[...steps].join(', ')}: ${harmed}`);
    }
  });

  it('has a plain sentence above each system call', async () => {
    const page = await pages.open('#on=ext4&recipe=textbook&busy=no');
    await page.locator('.trace summary').click();
    const steps = await page.locator('.step').all();
    assert.ok(steps.length > 10);
    for (const step of steps) {
      assert.match(await step.locator('b').innerText(), /^[A-Z].*\.$/);
      assert.notEqual(await step.locator('code').innerText(), '');
    }
    await seek(page, stopsOf(recorded('ext4', 'textbook', false).run)[0]?.at ?? 0);
    assert.equal(
      await page.locator('.now .plain').innerText(),
      'The new version is written into the new file. It is only in memory.',
    );
    assert.match(await page.locator('.now code').innerText(), /^write\(/);
  });

  it('has the sections of a lesson, each with a heading', async () => {
    const page = await pages.open();
    assert.deepEqual(await page.locator('main h2:not(.hidden)').allInnerTexts(), [
      'The idea',
      'How it works',
      'What it costs, and what one gets',
      'Watch out',
      'A worked example',
      'Check yourself',
      'How this was recorded',
    ]);
    assert.equal(await page.locator('.question').count(), 3);
    for (const heading of await page.locator('.tables thead th:not(:first-child)').allInnerTexts()) {
      assert.match(heading, /, (?:ms|number|% of crashes)$/);
    }
  });

  it('plays the failures of the worked example from the recordings', async () => {
    const page = await pages.open('', { reducedMotion: 'reduce' });
    for (const [index, { recipe, busy, at }] of FAILURES.entries()) {
      const { pair, run } = recorded('ext4', recipe, busy);
      const failure = page.locator('.failure').nth(index);
      const found = await failure
        .locator('.left-behind')
        .evaluateAll((all) => all.map((one) => one.getAttribute('data-found')));
      const moment = at(run, pair);
      assert.deepEqual(
        found,
        expected(pair, run, moment).map((one) => one.found),
      );
      await failure.getByRole('button', { name: 'Watch it' }).click();
      await page.locator('.crash-report:visible').waitFor();
      assert.deepEqual(await crashShown(page), [expected(pair, run, moment)]);
    }
  });

  it('is reached with the keyboard in the order of its use, Play first', async () => {
    const page = await pages.open();
    const order = [];
    for (let count = 0; count < 4; count++) {
      await page.keyboard.press('Tab');
      order.push(await page.locator(':focus').getAttribute('id'));
    }
    assert.deepEqual(order, ['play', 'crash', 'to-begin', 'step-back']);
  });

  it('names its keys where there is a keyboard, and not on a touch screen', async () => {
    for (const [device, options] of SCREENS) {
      const page = await pages.open('', options);
      assert.equal(await page.locator('.keys').isVisible(), device === 'a desktop');
      assert.equal(await page.locator('[title*="("]:not(.step)').count(), 0);
    }
  });

  it('leads to the package, and to the documents beside it', async () => {
    const page = await pages.open();
    const links = await page
      .locator('footer a')
      .evaluateAll((all) => all.map((one) => one.getAttribute('href')));
    assert.deepEqual(links, [
      'https://www.npmjs.com/package/indelible',
      '../README.md',
      'durability.md',
      'recipes.md',
    ]);
    for (const link of links.slice(1)) readFileSync(new URL(`../../docs/${link}`, import.meta.url));
  });

  for (const [device, options] of SCREENS) {
    for (const colorScheme of ['light', 'dark'] as const) {
      it(`has no finding of axe-core on ${device}, ${colorScheme}`, async () => {
        // The colours are all in the first two.
        const views = [
          ['', false],
          ['#lesson', true],
          ['#tour=4', false],
          ['#steps=rename&on=ext4', true],
          ['#steps=sync,same-directory&on=ext4', false],
          ['#on=btrfs&recipe=single-commit&and=textbook', true],
        ] as const;
        for (const [hash, crash] of colorScheme === 'light' ? views : views.slice(0, 2)) {
          const page = await pages.open(hash, { ...options, colorScheme, reducedMotion: 'reduce' });
          if (crash) await page.getByRole('button', { name: 'Crash now' }).click();
          for (const summary of await page.locator('summary:visible').all()) await summary.click();
          for (const question of await page.locator('.answers').all())
            await question.getByRole('button').first().click();
          assert.deepEqual(await accessibilityFindings(page), [], hash);
        }
      });
    }
  }
});

/** Whether so many elements lie completely between the top of the screen and the buttons at its bottom. */
async function assertInSight(page: Page, selector: string, count: number): Promise<void> {
  const bottom = (await page.locator('.transport').boundingBox())?.y ?? 0;
  const boxes = await Promise.all((await page.locator(selector).all()).map((one) => one.boundingBox()));
  assert.equal(boxes.length, count, selector);
  for (const box of boxes) {
    assert.ok(box !== null, `${selector} is hidden`);
    assert.ok(
      box.y >= 0 && box.y + box.height <= bottom,
      `${selector} ends at ${box.y + box.height}, below ${bottom}`,
    );
  }
}

async function outcomeKinds(page: Page): Promise<[string, number][][]> {
  const stages = await page.locator('.crash-report').all();
  return Promise.all(
    stages.map((stage) =>
      stage
        .locator('.outcome')
        .evaluateAll((all) =>
          all.map((one): [string, number] => [
            one.getAttribute('data-found') ?? '',
            Number(one.getAttribute('data-states')),
          ]),
        ),
    ),
  );
}
