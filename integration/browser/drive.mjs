// The whole way through the quickstart's page, as a person goes it: sign in, consent, upload (dropped, or chosen
// on the phone) with the bar moving, link, download through it, sign out. Any console error, page error or failed
// request fails the run.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [base, shots] = process.argv.slice(2);
if (!base) {
  console.error('usage: run <base url> [folder for screenshots]');
  process.exit(2);
}
const MIB = 1024 * 1024;
const VISITS = [
  { name: 'desktop-light', viewport: { width: 1280, height: 800 }, colorScheme: 'light', size: 50 * MIB },
  { name: 'desktop-dark', viewport: { width: 1280, height: 800 }, colorScheme: 'dark', size: MIB },
  { name: 'phone-light', viewport: { width: 390, height: 844 }, colorScheme: 'light', size: MIB, deviceScaleFactor: 2 },
  { name: 'phone-dark', viewport: { width: 390, height: 844 }, colorScheme: 'dark', size: MIB, deviceScaleFactor: 2 },
];

const work = await mkdtemp(join(tmpdir(), 'rf-browser-'));
if (shots) await mkdir(shots, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  for (const visit of VISITS) await walk(visit);
  await returning();
  await elsewhere();
} finally {
  await browser.close();
  await rm(work, { recursive: true });
}

/** Opens a page that keeps what goes wrong in it. */
async function visitor(options) {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') wrong.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => wrong.push(`page: ${error}`));
  page.on('response', (response) => {
    if (response.status() >= 400) wrong.push(`${response.status()} ${response.request().method()} ${response.url()}`);
  });
  page.on('requestfailed', (request) => {
    // A download is taken out of the page's hands, which the page sees as an abort.
    const download = new URL(request.url()).pathname.startsWith('/files/') && request.isNavigationRequest();
    if (!download) wrong.push(`failed: ${request.method()} ${request.url()} ${request.failure()?.errorText}`);
  });
  return { context, page, wrong };
}

/** Fills in the sign-in page, and allows what is asked unless that is remembered; gives whether it was asked. */
async function enter(page, arrived, shot = () => {}) {
  await page.getByLabel('Username').fill('demo');
  await page.getByLabel('Password').fill('demo');
  await shot('login');
  await page.getByRole('button', { name: 'Sign in' }).click();
  const allow = page.getByRole('button', { name: 'Allow' });
  await allow.or(arrived).waitFor();
  const asked = await allow.isVisible();
  if (asked) {
    await shot('consent');
    await allow.click();
  }
  await arrived.waitFor();
  return asked;
}

async function signIn(page, shot = () => {}) {
  await page.goto(base);
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await shot('front');
  await page.getByRole('button', { name: 'Sign in' }).click();
  const asked = await enter(page, page.getByRole('heading', { name: 'My files' }), shot);
  await page.locator('main > [aria-busy]').waitFor({ state: 'detached' });
  assert.equal(new URL(page.url()).pathname, '/', 'the code must leave the address bar');
  assert.equal(new URL(page.url()).search, '');
  return asked;
}

async function walk({ name, size, ...options }) {
  const { context, page, wrong } = await visitor(options);
  const shot = (step) => shots && page.screenshot({ path: join(shots, `${name}-${step}.png`) });
  const asked = await signIn(page, shot);
  await shot('drive');

  const title = `Holiday ${name} & more #1.bin`;
  const row = page.locator(`[data-key="${title}"]`);
  if (await row.count()) await remove(page, row);
  const local = join(work, title);
  await writeFile(local, randomBytes(size));
  const phone = options.viewport.width < 500;
  const seen = await upload(page, local, size, phone ? choose : drop, () => shot('uploading'));
  await row.waitFor();
  await shot('uploaded');
  await page.getByRole('button', { name: 'Clear the list' }).click();

  // Both ways to a link: the phone's sheet and the row's own button.
  if (phone) {
    await row.getByRole('button', { name: 'More about' }).click();
    await shot('details');
    await page.getByRole('button', { name: 'Share a link' }).click();
  } else {
    await row.getByRole('button', { name: 'Share' }).click();
  }
  await page.getByLabel('downloads the file').check();
  await shot('share');
  await page.getByRole('button', { name: 'Create link' }).click();
  const link = await page.getByLabel('Anyone with this link').inputValue();
  await shot('link');
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
  await same(local, link);

  await page.goto(`${base}/#/nothing-here/`);
  await page.getByRole('heading', { name: 'This folder is empty' }).waitFor();
  await shot('empty');
  await page.goBack();
  await row.waitFor();
  await remove(page, row);

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Sign in' }).waitFor();
  await shot('signed-out');
  // The server's own session must be over too: the next sign-in asks for the password.
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel('Password').waitFor();
  await context.close();
  assert.deepEqual(wrong, [], `${name}: nothing may go wrong`);
  console.log(`${name}: ok (${asked ? 'consent asked' : 'consent remembered'}, ${size / MIB} MiB, bar seen at ${seen.map((value) => `${Math.round(value * 100)}%`).join(' ')})`);
}

function choose(page, local) {
  return page.setInputFiles('main input[type=file]', local);
}

/** Drops a file on the page, from above it to the drop. */
async function drop(page, local) {
  const holder = await page.evaluateHandle(() => Object.assign(document.createElement('input'), { type: 'file' }));
  await holder.setInputFiles(local);
  const send = (event) => page.evaluate(([input, name]) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(input.files[0]);
    document.body.dispatchEvent(new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true }));
  }, [holder, event]);
  const target = page.getByText('Drop to upload to');
  await send('dragenter');
  await target.waitFor();
  await send('dragover');
  await send('drop');
  await target.waitFor({ state: 'hidden' });
}

/** Uploads slowly enough to watch, and gives what the bar showed on the way. */
async function upload(page, local, size, hand, midway) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: size / 3 });
  await hand(page, local);
  const bar = page.locator('.upload progress');
  const seen = [];
  for (const mark of [0.05, 0.4, 0.75]) {
    await page.waitForFunction((at) => document.querySelector('.upload progress')?.value >= at, mark);
    seen.push(await bar.evaluate((element) => element.value));
    if (mark === 0.4) await midway();
  }
  await page.locator('.upload[data-state=done]').waitFor();
  await devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
  await devtools.detach();
  const moved = new Set(seen.filter((value) => value < 1)).size;
  assert.ok(moved >= 2, `the bar must be seen moving, not at ${seen}`);
  return seen;
}

async function remove(page, row) {
  await row.locator('.name').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByRole('button', { name: 'Keep it' }).waitFor();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await row.waitFor({ state: 'detached' });
}

/** Opens the link in a browser that is not signed in, and compares what it saves with what was sent. */
async function same(local, link) {
  const stranger = await browser.newContext();
  const page = await stranger.newPage();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    // The navigation turns into a download, which Playwright reports as an error.
    page.goto(link).catch((error) => { if (!/Download is starting|ERR_ABORTED/.test(error.message)) throw error; }),
  ]);
  const saved = await download.path();
  assert.equal(await digest(saved), await digest(local), 'the link must give back the bytes that were sent');
  await stranger.close();
}

async function digest(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** A reload keeps the session, a second sign-in does not ask again, and an answer that nobody asked for is refused. */
async function returning() {
  const { context, page, wrong } = await visitor({ viewport: { width: 1280, height: 800 } });
  await signIn(page);
  await page.reload();
  await page.getByRole('heading', { name: 'My files' }).waitFor();
  const forged = await context.newPage();
  await forged.goto(`${base}/app/callback?code=rfc_forged&state=forged&iss=${encodeURIComponent(base)}`);
  await forged.getByRole('alert').getByText('did not start here').waitFor();
  assert.equal(await forged.evaluate(() => sessionStorage.length), 0, 'a forged answer must not leave a session');
  await context.close();
  assert.deepEqual(wrong, []);
  console.log('returning: ok');
}

/**
 * The pages' policy must let the form's redirect go on to a client of another origin: Chromium applies CSP
 * `form-action` to redirects too. A loopback client may listen on any port (RFC 8252 §7.3), so this one is another origin.
 */
async function elsewhere() {
  const client = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><link rel="icon" href="data:,"><h1>Arrived</h1>');
  });
  await new Promise((resolve) => client.listen(0, '127.0.0.1', resolve));
  const { context, page, wrong } = await visitor({});
  const redirect = `http://127.0.0.1:${client.address().port}/callback`;
  const verifier = randomBytes(32).toString('base64url');
  await page.goto(`${base}/oauth/authorize?${new URLSearchParams({
    response_type: 'code',
    client_id: 'demo-web',
    redirect_uri: redirect,
    scope: 'files:read',
    state: 'a+b c%20ü',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  })}`);
  await enter(page, page.getByRole('heading', { name: 'Arrived' }));
  const { searchParams } = new URL(page.url());
  assert.ok(searchParams.get('code'));
  assert.equal(searchParams.get('state'), 'a+b c%20ü');
  assert.equal(new URL(searchParams.get('iss')).origin, new URL(base).origin);
  await context.close();
  client.close();
  assert.deepEqual(wrong, []);
  console.log('elsewhere: ok');
}
