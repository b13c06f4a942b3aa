import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { settle } from '../../src/testing/settle.ts';
import { type World, world } from '../../src/testing/world.ts';
import { inBrowser, SIZES } from './browser.fixture.ts';

const ORDER = 'tag/order/POST/orders';

inBrowser('the reference at /docs', (open) => {
  let shop: World;
  before(async () => {
    shop = await world();
  });
  after(() => shop.close());

  async function opened(size: { width: number; height: number }, path: string) {
    const watched = await open();
    await watched.page.setViewportSize(size);
    await watched.page.goto(`${shop.url}${path}`);
    return watched;
  }

  const strangers = (asked: readonly string[]) =>
    asked.filter((one) => !/^(data|blob):/.test(one) && !one.startsWith(shop.url));

  for (const [name, size] of Object.entries(SIZES)) {
    test(`opens with its introduction, in silence, and asks nobody else (${name})`, async () => {
      const { page, faults, asked } = await opened(size, '/docs');
      for (const heading of ['Tradepost', 'First steps', 'Paths that differ by digits']) {
        await page.getByRole('heading', { name: heading }).first().waitFor();
      }
      await page.getByRole('link', { name: 'errors' }).first().waitFor();
      assert.deepEqual([faults, strangers(asked)], [[], []]);
      assert.equal(await overflow(page), 0);
    });

    test(`sends a request with the token that was pasted, also after a reload (${name})`, async () => {
      const ada = await shop.as('ada');
      const { page, faults, asked } = await opened(size, '/docs/');
      await page.getByPlaceholder('Token').fill(ada.token ?? '');
      await page.waitForFunction((token) => JSON.stringify(localStorage).includes(token), ada.token ?? '');
      await page.reload();
      await settle(async () => assert.equal(await page.getByPlaceholder('Token').inputValue(), ada.token));
      assert.equal(await overflow(page), 0);

      // From another page: with the same one, a browser only scrolls.
      await page.goto('about:blank');
      await page.goto(`${shop.url}/docs/#${ORDER}`);
      await page.getByRole('button', { name: 'Test Request (post /orders)' }).click();
      const answer = page.waitForResponse((one) => new URL(one.url()).pathname === '/orders');
      await page.getByRole('button', { name: /^Send/ }).last().click();
      const placed = (await (await answer).json()) as { order_id: number; items: unknown[] };
      assert.equal((await answer).status(), 201);
      assert.deepEqual((await ada.get(`/orders/${placed.order_id}`)).body, placed);
      assert.deepEqual([faults, strangers(asked)], [[], []]);
      assert.equal(await overflow(page), 0);
    });

    for (const path of ['/docs/errors', '/docs/events']) {
      test(`${path} fits and asks nobody else (${name})`, async () => {
        const { page, faults, asked } = await opened(size, path);
        await page.getByRole('heading', { level: 1 }).waitFor();
        assert.deepEqual([faults, strangers(asked)], [[], []]);
        assert.equal(await overflow(page), 0);
      });
    }
  }
});

/** How many pixels of the page are beyond its right edge. */
async function overflow(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - innerWidth');
}
