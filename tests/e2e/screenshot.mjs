// @ts-check
/** `npm run screenshot`: makes the picture of the README from the built app, after the first example has run. */
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { withServer } from '../bench/handloom.mjs';
import { interrupted, root } from '../bench/owned.mjs';
import { chromiumArguments, findOrInstallChromium } from '../chromium.mjs';

await withServer(interrupted, async ({ url }) => {
  const browser = await chromium.launch({ executablePath: findOrInstallChromium(), args: chromiumArguments });
  try {
    const page = await browser.newPage({
      viewport: { width: 1440, height: 900 },
      colorScheme: 'light',
      reducedMotion: 'reduce',
    });
    await page.goto(url);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page
      .getByRole('status')
      .filter({ hasText: 'Run Succeeded' })
      .waitFor({ state: 'attached', timeout: 180_000 });
    await page.getByRole('group', { name: 'Bootstrap, ' }).click();
    await page.locator('.cm-content').first().waitFor();
    await page.getByRole('grid', { name: 'Table' }).getByRole('gridcell').first().waitFor();
    await page.getByRole('button', { name: 'Show all' }).click();
    await page.mouse.move(720, 20);
    await page.evaluate(() => document.fonts.ready);
    // A font that has just come breaks lines elsewhere, and their numbers follow in a frame of their own.
    await page.waitForFunction(() => {
      const top = (/** @type {string} */ selector) =>
        document.querySelector(selector)?.getBoundingClientRect().top;
      return top('.cm-line + .cm-line') === top('.cm-lineNumbers .cm-gutterElement:nth-child(3)');
    });
    const path = join(root, 'public/screenshot.png');
    await page.screenshot({ path });
    console.log(path);
  } finally {
    await browser.close();
  }
});
