import { after, before, describe } from 'node:test';
import { type Browser, chromium, type Page } from 'playwright-core';
import { findBrowser } from '../../src/testing/browser.ts';

/** The sizes that pages are looked at in. */
export const SIZES = { desk: { width: 1440, height: 900 }, telephone: { width: 390, height: 844 } };

/** A page with everything that went wrong on it. */
export interface Watched {
  readonly page: Page;
  /** What its console has as warnings or errors, and what it throws. */
  readonly faults: readonly string[];
  /** Every address that it asked for. */
  readonly asked: readonly string[];
}

/** A suite in a real Chromium; it is left out, with the reason, where there is none. */
export function inBrowser(title: string, suite: (open: () => Promise<Watched>) => void): void {
  const executablePath = findBrowser();
  describe(title, { skip: executablePath ? false : 'no Chromium on this machine' }, () => {
    let browser: Browser;
    before(async () => {
      // Its sandbox cannot be made by root, nor in most containers; the pages are our own.
      browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: PATIENCE_MS });
    });
    after(() => browser.close());
    suite(async () => watched(await browser.newPage()));
  });
}

// No test depends on the speed of the machine.
const PATIENCE_MS = 120_000;

function watched(page: Page): Watched {
  const faults: string[] = [];
  const asked: string[] = [];
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type())) faults.push(`${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => asked.push(request.url()));
  return { page, faults, asked };
}
