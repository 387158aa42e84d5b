import { type Browser } from 'playwright-core';
import { reportHtml } from '../../domain/evidence/report-html';
import { pageHtml } from '../../domain/page/html';
import { chromiumOrWarning } from '../support/chromium';
import { launchChromium } from '../support/launch-chromium';
import { REPORT } from '../unit/domain/evidence/a-report';
import { EVERYTHING } from '../unit/domain/page/pages';

const chromium = chromiumOrWarning(process.env, (line) => process.stderr.write(line));
const PAGES = { 'a report': reportHtml(REPORT), 'every kind of block': pageHtml([EVERYTHING], 'made at noon') };

/** What `inner` letters of a page have at least against their ground, as WCAG 2.1 asks of text. */
const CONTRAST_MIN = 4.5;

if (chromium !== undefined) describe('the file of a report', () => draw(chromium));

function draw(executable: string): void {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium(executable);
  });
  afterAll(() => browser.close());

  const cases = Object.keys(PAGES).flatMap((name) =>
    [390, 1280].flatMap((width) => (['light', 'dark'] as const).map((scheme) => [name, width, scheme] as const)),
  );

  it.each(cases)('%s at %i pixels, %s: nothing is cut off, and all of it is seen', async (name, width, scheme) => {
    const context = await browser.newContext({ viewport: { width, height: 844 }, colorScheme: scheme });
    try {
      const page = await context.newPage();
      await page.setContent(PAGES[name as keyof typeof PAGES]);
      // In the page; this file is compiled without the types of one.
      const seen = await page.evaluate<{ readonly wide: number; readonly least: number }>(`(() => {
        const light = (rgb) => {
          const [r, g, b] = rgb.match(/[\\d.]+/g).slice(0, 3).map((one) => Number(one) / 255)
            .map((one) => (one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const groundOf = (element) => {
          for (let at = element; at !== null; at = at.parentElement) {
            const ground = getComputedStyle(at).backgroundColor;
            if (!/, 0\\)$/.test(ground) && ground !== 'transparent') return ground;
          }
          return getComputedStyle(document.documentElement).colorScheme.includes('dark') &&
            matchMedia('(prefers-color-scheme: dark)').matches ? 'rgb(0, 0, 0)' : 'rgb(255, 255, 255)';
        };
        const told = [...document.querySelectorAll('h1, h2, h3, p, dt, dd, td, th, li, pre, footer')];
        const contrasts = told.filter((one) => one.offsetParent !== null).map((one) => {
          const [a, b] = [light(getComputedStyle(one).color), light(groundOf(one))];
          return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        });
        return { wide: document.documentElement.scrollWidth, least: Math.min(...contrasts) };
      })()`);
      expect(seen.wide).toBeLessThanOrEqual(width);
      expect(seen.least).toBeGreaterThanOrEqual(CONTRAST_MIN);
    } finally {
      await context.close();
    }
  });
}
