import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, onTestFinished, vi } from 'vitest';
import { requireDebianProgram } from './debian.ts';

let browser: Promise<Browser> | undefined;

/** To be called in a file whose tests open pages: ends Debian's Chromium after the last. */
export function closeBrowserAfterAll(): void {
  // A browser beside other tests on two cores takes its time.
  vi.setConfig({ testTimeout: 180_000 });
  afterAll(async () => {
    await (await browser)?.close();
    browser = undefined;
  });
}

/** A page of a new profile in Debian's Chromium; whatever its console says is kept in `errors`. */
export async function openPage(
  options: BrowserContextOptions = {},
): Promise<{ page: Page; errors: string[] }> {
  browser ??= launch();
  return openIn(await browser, options);
}

/** The same in a browser of its own, whose camera shows a film (YUV4MPEG2) again and again. */
export async function openPageWithCamera(film: string): Promise<{ page: Page; errors: string[] }> {
  const own = await launch(
    '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${film}`,
  );
  onTestFinished(() => own.close());
  return openIn(own, { permissions: ['camera'] });
}

function launch(...args: readonly string[]): Promise<Browser> {
  requireDebianProgram('chromium');
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', ...args] });
}

async function openIn(
  open: Browser,
  options: BrowserContextOptions,
): Promise<{ page: Page; errors: string[] }> {
  // Without motion: on a machine that is busy, the end of an animation is an event that may not come.
  const context = await open.newContext({ ignoreHTTPSErrors: true, reducedMotion: 'reduce', ...options });
  onTestFinished(() => context.close());
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  return { page, errors };
}
