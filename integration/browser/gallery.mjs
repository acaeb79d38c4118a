// The whole way through the gallery's page, as a person goes it: three photos at once (dropped, or chosen on the
// phone), look at them, a refusal, more with the bar moving, a link for others, a deletion, the documents. Any console error that is not the one
// of the refusal, page error or failed request fails the run.

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateSync, crc32 } from 'node:zlib';
import { chromium } from 'playwright-core';

const [base, shots] = process.argv.slice(2);
if (!base) {
  console.error('usage: run gallery.mjs <base url> [folder for screenshots]');
  process.exit(2);
}
const VISITS = [
  { name: 'desktop-light', viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  { name: 'desktop-dark', viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  { name: 'phone-light', viewport: { width: 390, height: 844 }, colorScheme: 'light', deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  { name: 'phone-dark', viewport: { width: 390, height: 844 }, colorScheme: 'dark', deviceScaleFactor: 2, hasTouch: true, isMobile: true },
];

const work = await mkdtemp(join(tmpdir(), 'rf-gallery-'));
if (shots) await mkdir(shots, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
try {
  for (const [at, visit] of VISITS.entries()) await walk(visit, at);
} finally {
  await browser.close();
  await rm(work, { recursive: true });
}

async function walk({ name, ...options }, at) {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  const wrong = [];
  const refusals = [];
  page.on('console', (message) => {
    // A browser writes every refused request to its console.
    const refused = message.text().includes('415 (Unsupported Media Type)');
    if (['error', 'warning'].includes(message.type()) && !refused) wrong.push(`console: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => wrong.push(`page: ${error}`));
  page.on('response', (response) => {
    const said = `${response.status()} ${response.request().method()} ${new URL(response.url()).pathname}`;
    if (response.status() === 415) refusals.push(said);
    else if (response.status() >= 400) wrong.push(said);
  });
  page.on('requestfailed', (request) => wrong.push(`failed: ${request.method()} ${request.url()} ${request.failure()?.errorText}`));
  const shot = (step) => shots && page.screenshot({ path: join(shots, `${name}-${step}.png`) });
  const phone = options.viewport.width < 500;
  const tiles = page.locator('.tile');

  await page.goto(base);
  await page.getByRole('heading', { name: 'No photos yet' }).waitFor();
  await shot('empty');

  const photos = [];
  for (let number = 0; number < 3; number += 1) photos.push(await scene(`photo-${number}.png`, at * 10 + number, [[900, 600], [600, 900], [800, 800]][number]));
  await (phone ? choose : drop)(page, photos, () => shot('drop'));
  await page.getByText('3 photos added').waitFor();
  assert.equal(await tiles.count(), 3);
  for (const picture of await tiles.locator('img').all()) {
    await picture.scrollIntoViewIfNeeded();
    await page.waitForFunction((img) => img.complete && img.naturalWidth > 0, await picture.elementHandle());
  }
  await page.evaluate(() => scrollTo(0, 0));
  await shot('three');

  const fake = join(work, 'fake.png');
  await writeFile(fake, 'a text that is called a picture\n');
  await choose(page, [await scene('good.png', 99, [400, 400]), fake]);
  const refusal = page.getByRole('alert');
  await refusal.getByText('None of the 2 photos was added').waitFor();
  assert.match(await refusal.innerText(), /text\/plain.*image\/\*[\s\S]*10 MiB[\s\S]*Request /);
  assert.equal(await tiles.count(), 3, 'all or none');
  await shot('refused');
  await refusal.getByRole('button', { name: 'Dismiss' }).click();
  assert.deepEqual(refusals, ['415 POST /api/photos']);

  // What comes with more photos: a wall.
  const wall = [];
  for (let number = 3; number < 14; number += 1) wall.push(await scene(`wall-${number}.png`, at * 20 + number, [[900, 600], [600, 900], [1200, 500]][number % 3]));
  await slowly(page, 40_000, async () => {
    await choose(page, wall);
    await page.waitForFunction(() => {
      const bar = document.querySelector('.sending progress');
      return bar?.value > 0.2 && bar.value < 1;
    });
    assert.equal(await page.locator('progress').count(), 1, 'one bar for all files');
    await shot('sending');
    await page.getByText('11 photos added').waitFor();
  });
  await page.waitForFunction(async () => {
    const inSight = [...document.querySelectorAll('.tile img')].filter((img) => img.getBoundingClientRect().top < innerHeight);
    await Promise.all(inSight.map((img) => img.decode()));
    return inSight.length >= 6;
  });
  await shot('wall');

  // With the keyboard: open, the next one, and share it from there.
  await tiles.first().getByRole('button', { name: 'Open' }).focus();
  await page.keyboard.press('Enter');
  const viewer = page.getByRole('dialog', { name: 'Photo' });
  await viewer.getByText('1 of 14').waitFor();
  await page.keyboard.press('ArrowRight');
  await viewer.getByText('2 of 14').waitFor();
  await page.waitForFunction(() => document.querySelector('.stage img').naturalWidth > 0);
  await shot('viewer');
  await viewer.getByRole('button', { name: 'Share' }).click();
  await page.getByLabel('7 days').check();
  await shot('share');
  await page.getByRole('button', { name: 'Create link' }).click();
  const link = await page.getByLabel('Anyone with this link').inputValue();
  assert.match(link, /^http:\/\/127\.0\.0\.1:/);
  await shot('link');
  const stranger = await browser.newContext();
  const answer = await stranger.request.get(link);
  assert.equal(answer.status(), 200);
  assert.equal(answer.headers()['content-type'], 'image/png');
  assert.equal((await stranger.request.get(link.replace(/.$/, (last) => (last === '0' ? '1' : '0')))).status(), 403);
  await stranger.close();
  await page.keyboard.press('Escape');

  await viewer.getByRole('button', { name: 'Delete' }).click();
  await shot('delete');
  await page.getByRole('dialog', { name: 'Delete' }).getByRole('button', { name: 'Delete' }).click();
  await viewer.getByText('2 of 13').waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await tiles.count(), 13);
  await page.reload();
  await tiles.nth(12).waitFor();
  assert.equal(await tiles.count(), 13, 'gone on the server too');

  await page.getByRole('link', { name: 'Documents' }).click();
  await page.getByRole('heading', { name: 'No documents yet' }).waitFor();
  const notes = [];
  for (const file of ['Minutes of the meeting.md', 'numbers.csv', 'A long name that goes on and on, so that it has to be cut somewhere.txt']) {
    await writeFile(join(work, file), 'one, two\n');
    notes.push(join(work, file));
  }
  await choose(page, notes);
  await page.getByText('3 documents added').waitFor();
  await shot('documents');
  const [opened] = await Promise.all([context.waitForEvent('page'), page.getByRole('link', { name: 'A long name' }).click()]);
  await opened.getByText('one, two').waitFor();
  await opened.close();
  for (let left = 3; left > 0; left -= 1) await remove(page, page.locator('.row').first().getByRole('button', { name: 'Delete' }));
  await page.getByRole('heading', { name: 'No documents yet' }).waitFor();

  await page.getByRole('link', { name: 'Photos' }).click();
  await tiles.first().waitFor();
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(overflow <= 0, `${name}: the page is ${overflow}px wider than the window`);
  // The page must not ask for a picture that is taken away behind its back.
  let left = await tiles.count();
  await page.goto('about:blank');
  for (; left > 0; left -= 1) {
    const { files } = await (await context.request.get(`${base}/api/photos?limit=1`)).json();
    assert.equal((await context.request.delete(`${base}/api/photos/${files[0].key}`)).status(), 204);
  }
  await context.close();
  assert.deepEqual(wrong, [], `${name}: nothing may go wrong`);
  console.log(`${name}: ok`);
}

function choose(page, files) {
  return page.setInputFiles('main input[type=file]', files);
}

/** Drops files on the page, from above it to the drop. */
async function drop(page, files, midway) {
  const holder = await page.evaluateHandle(() => Object.assign(document.createElement('input'), { type: 'file', multiple: true }));
  await holder.setInputFiles(files);
  const send = (event) => page.evaluate(([input, name]) => {
    const dataTransfer = new DataTransfer();
    for (const file of input.files) dataTransfer.items.add(file);
    document.body.dispatchEvent(new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true }));
  }, [holder, event]);
  const target = page.getByText('Drop to add to');
  await send('dragenter');
  await target.waitFor();
  await midway();
  await send('dragover');
  await send('drop');
  await target.waitFor({ state: 'hidden' });
}

/** Runs `work` while the page sends so many bytes a second. */
async function slowly(page, bytes, work) {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  const limit = (uploadThroughput) => devtools.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput });
  await limit(bytes);
  await work();
  await limit(-1);
  await devtools.detach();
}

async function remove(page, button) {
  const rows = await page.locator('.row').count();
  await button.click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await page.waitForFunction((count) => document.querySelectorAll('.row').length === count, rows - 1);
}

/** Paints a sky, a sun and hills of a colour of their own, and gives the file. */
async function scene(name, seed, [width, height]) {
  const hue = (seed * 67) % 360;
  const [top, low, near, far] = [[hue, 70, 45], [hue + 40, 85, 78], [hue + 180, 35, 22], [hue + 160, 30, 42]].map(rgb);
  const rows = Buffer.alloc(height * (1 + width * 3));
  const sun = [width * (0.25 + 0.5 * ((seed * 37) % 100) / 100), height * 0.38, Math.min(width, height) * 0.11];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const ridge = (base, waves, size) => height * (base + size * Math.sin((x / width) * waves + seed) + size * 0.4 * Math.sin((x / width) * waves * 2.7 + seed * 3));
      let colour;
      if (y > ridge(0.78, 5, 0.06)) colour = near;
      else if (y > ridge(0.62, 4, 0.08)) colour = far;
      else if (Math.hypot(x - sun[0], y - sun[1]) < sun[2]) colour = [255, 246, 220];
      else colour = top.map((value, channel) => value + (low[channel] - value) * (y / height));
      colour.forEach((value, channel) => { rows[y * (1 + width * 3) + 1 + x * 3 + channel] = value; });
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8);
  const file = join(work, name);
  await writeFile(file, Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]));
  return file;
}

function chunk(type, data) {
  const typed = Buffer.concat([Buffer.from(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(typed));
  return Buffer.concat([length, typed, sum]);
}

function rgb([hue, saturation, lightness]) {
  const [s, l] = [saturation / 100, lightness / 100];
  return [0, 8, 4].map((n) => {
    const k = (n + hue / 30) % 12;
    return 255 * (l - s * Math.min(l, 1 - l) * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  });
}
