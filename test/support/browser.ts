import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, onTestFinished } from 'vitest';
import { requireDebianProgram } from './debian.ts';

let browser: Promise<Browser> | undefined;

/** To be called in a file whose tests open pages: ends Debian's Chromium after the last. */
export function closeBrowserAfterAll(): void {
  afterAll(async () => {
    await (await browser)?.close();
    browser = undefined;
  });
}

/** A page of a new profile in Debian's Chromium; whatever its console says is kept in `errors`. */
export async function openPage(
  options: BrowserContextOptions = {},
): Promise<{ page: Page; errors: string[] }> {
  requireDebianProgram('chromium');
  browser ??= chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  const context = await (await browser).newContext({ ignoreHTTPSErrors: true, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  return { page, errors };
}
