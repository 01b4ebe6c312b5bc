import { expect, test } from './host-test.ts';
import type { Way } from './in-page.ts';

const ways: Way[] = ['service worker', 'port'];

for (const way of ways) {
  test(`the API suite passes over the ${way}`, async ({ openTab }) => {
    test.setTimeout(180_000);
    const page = await openTab();
    const names = await page.evaluate(() => inPage.apiCaseNames());
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      await test.step(name, () =>
        page.evaluate(([way, name]) => inPage.runApiCase(way, name), [way, name] as const),
      );
    }
  });

  test(`the acceptance cases pass over the ${way}`, async ({ openTab }) => {
    test.setTimeout(180_000);
    const page = await openTab();
    const names = await page.evaluate(() => inPage.acceptanceNames());
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) {
      await test.step(name, async () => {
        const differences = await page.evaluate(([way, name]) => inPage.runAcceptance(way, name), [
          way,
          name,
        ] as const);
        expect(differences).toEqual([]);
      });
    }
  });
}
