// A person's way through the three examples of OAuth2 in a real browser: from the shop to a new account, the consent
// page, back to the shop, an order, the page of authorized apps; at two widths, light and dark. Then what a browser must
// not let happen. Any console error, page error or failed request fails the run.

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [server, shop, shots] = process.argv.slice(2);
if (!shop) {
  console.error('usage: run sign-in.mjs <authorization server> <shop> [folder for screenshots]');
  process.exit(2);
}
const VISITS = [
  { name: 'desktop-light', viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  { name: 'desktop-dark', viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  { name: 'phone-light', viewport: { width: 390, height: 844 }, colorScheme: 'light', deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  { name: 'phone-dark', viewport: { width: 390, height: 844 }, colorScheme: 'dark', deviceScaleFactor: 2, hasTouch: true, isMobile: true },
];
const PASSWORD = 'lovelace-1843';

if (shots) await mkdir(shots, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  for (const visit of VISITS) await walk(visit);
  await framed();
  await tampered();
} finally {
  await browser.close();
}

async function visitor(options, expected = []) {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const wrong = [];
  const known = (text) => expected.some((part) => text.includes(part));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !known(message.text())) wrong.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => wrong.push(`page: ${error}`));
  page.on('response', (response) => {
    // Browsers ask for an icon that the pages do not have.
    if (response.status() >= 400 && !known(String(response.status())) && !response.url().endsWith('/favicon.ico')) wrong.push(`${response.status()} ${response.url()}`);
  });
  return { context, page, wrong: () => wrong.filter((text) => !text.includes('favicon.ico')) };
}

/** No page is wider than the window. */
async function fits(page) {
  const [inner, outer] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(inner <= outer, `${page.url()} is ${inner} wide in a window of ${outer}`);
}

async function walk({ name, ...options }) {
  const { context, page, wrong } = await visitor(options, ['403']);
  const shot = async (step) => {
    await fits(page);
    if (shots) await page.screenshot({ path: join(shots, `${name}-${step}.png`), fullPage: true });
  };
  await page.goto(shop);
  await shot('1-shop');
  await page.getByRole('link', { name: 'Sign in with Corner accounts' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('Name').fill('nobody');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await shot('2-refused');
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByLabel('Name').fill(`Ada (${name})`);
  await page.getByLabel('Password').fill(PASSWORD);
  await shot('3-join');
  await page.getByRole('button', { name: 'Create it' }).click();

  // The request went on intact: this is the shop's question, with all it asked for.
  await page.getByRole('heading', { name: 'May The corner shop act for you?' }).waitFor();
  assert.equal(await page.getByRole('checkbox', { checked: true }).count(), 2);
  await shot('4-consent');
  // The form leads to another origin, which no policy of the page stops.
  await page.getByRole('button', { name: 'Yes, it may' }).click();
  await page.getByRole('heading', { name: 'Your orders' }).waitFor();
  assert.equal(page.url(), `${shop}/orders`);
  await page.getByText(`Ada (${name})`).waitFor();
  await page.getByLabel('What would you like?').fill('two loaves & milk');
  await page.getByRole('button', { name: 'Order' }).click();
  await page.getByRole('listitem').getByText('two loaves & milk').waitFor();
  await shot('5-orders');

  await page.goto(server);
  await page.getByRole('heading', { name: 'Hello, Ada' }).waitFor();
  await shot('6-account');
  await page.getByRole('link', { name: 'Your authorized apps' }).click();
  await page.getByRole('heading', { name: 'The corner shop' }).waitFor();
  await shot('7-apps');
  await page.getByRole('button', { name: 'Remove access: The corner shop' }).click();
  await page.getByText('You have not allowed any app').waitFor();
  await shot('8-none');
  await page.goto(`${shop}/orders`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('link', { name: 'Sign in with Corner accounts' }).waitFor();
  await context.close();
  assert.deepEqual(wrong(), []);
  console.log(`${name}: ok`);
}

/** Signs somebody in, up to the shop's question. */
async function question(page, person) {
  await page.goto(`${shop}/sign-in?return_to=/orders`);
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByLabel('Name').fill(person);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create it' }).click();
  await page.getByRole('heading', { name: 'May The corner shop act for you?' }).waitFor();
}

/** A page of another site shows the consent page in a frame: the browser refuses. */
async function framed() {
  const { context, page } = await visitor({});
  await question(page, 'Framed');
  const asked = page.url();
  const evil = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<!doctype html><h1>A prize</h1>${[asked, `${server}/sign-in`, `${server}/oauth/apps`].map((url) => `<iframe src="${url.replaceAll('&', '&amp;')}"></iframe>`).join('')}`);
  });
  await new Promise((resolve) => evil.listen(0, '127.0.0.1', resolve));
  const seen = [];
  page.on('console', (message) => seen.push(message.text()));
  // `localhost` is another site than 127.0.0.1, and yet the same machine.
  await page.goto(`http://localhost:${evil.address().port}/`);
  await page.waitForLoadState('networkidle');
  for (const frame of page.frames().slice(1)) {
    const text = await frame.locator('body').innerText().catch(() => '');
    assert.ok(!/act for you|Sign in|authorized apps/.test(text), `a frame shows: ${text}`);
  }
  assert.equal(page.frames().length, 4);
  assert.ok(seen.filter((text) => /frame-ancestors|X-Frame-Options/.test(text)).length >= 3, seen.join('\n'));
  await context.close();
  evil.close();
  console.log('framed: ok');
}

/** Fields changed by hand: a wider scope is not given, and a ticket works once and in its own browser only. */
async function tampered() {
  const { context, page } = await visitor({});
  await question(page, 'Tampered');
  const ticket = await page.locator('input[name=ticket]').inputValue();
  const stranger = await browser.newContext();
  const post = (from, form) => from.request.post(`${server}/oauth/authorize`, { form, maxRedirects: 0, headers: { origin: server } });
  assert.equal((await post(stranger, { ticket, decision: 'allow', scope: 'orders:read' })).status(), 400);
  await page.getByRole('checkbox').nth(1).evaluate((box) => { box.value = 'admin'; });
  await page.getByRole('button', { name: 'Yes, it may' }).click();
  await page.waitForLoadState();
  const allowed = await context.request.get(`${server}/oauth/apps`, { headers: { accept: 'application/json' } });
  for (const app of (await allowed.json()).apps) assert.ok(!app.scope.includes('admin'), app.scope);
  assert.equal((await post(context, { ticket, decision: 'allow', scope: 'orders:read' })).status(), 400);
  await stranger.close();
  await context.close();
  console.log('tampered: ok');
}
